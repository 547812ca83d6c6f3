package io.freshet.sampling;

import io.freshet.checkpoint.CheckpointException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What became of a network's buckets when each was run once, so that no request pays for it.
 *
 * @param profile its buckets, less those that there was no memory for
 * @param sameBits whether the rows of the smallest one came again in the larger ones bit for bit
 */
record WarmBuckets(BucketProfile profile, boolean sameBits) {
    private static final Logger LOG = LoggerFactory.getLogger(WarmBuckets.class);

    /**
     * Runs every bucket once, in ascending order. There may be less memory than when they were chosen: another checkpoint may be in it.
     *
     * @throws CheckpointException if an output is not finite
     * @throws DeviceMemoryException if not even the smallest one has room
     */
    static WarmBuckets run(NetworkForm form, Denoiser denoiser, BucketProfile profile) throws CheckpointException {
        TrialPass smallest = null;
        boolean sameBits = true;
        for (int bucket : profile.buckets()) {
            try {
                TrialPass pass = new TrialPass(form, denoiser, bucket);
                pass.run();
                pass.requireFinite();
                smallest = smallest == null ? pass : smallest;
                if (!pass.agreesWith(smallest)) {
                    sameBits = false;
                    warn(form, pass, smallest, profile);
                }
            } catch (DeviceMemoryException | OutOfMemoryError e) {
                if (smallest == null) {
                    throw e;
                }
                LOG.warn(
                        "The network of {} runs in smaller passes than buckets of {}: there is no memory for {} rows: {}",
                        form.inWords(),
                        profile.buckets(),
                        bucket,
                        e.getMessage());
                return new WarmBuckets(profile.below(bucket), sameBits);
            }
        }
        return new WarmBuckets(profile, sameBits);
    }

    private static void warn(NetworkForm form, TrialPass pass, TrialPass smallest, BucketProfile profile) {
        if (profile.sameBits()) { // or else it was told when the buckets were chosen
            LOG.warn(
                    "The network of {}: a row's prediction in a batch of {} differs in its bits from the one in a batch of {}."
                            + " Images will depend slightly on what they are batched with; a single bucket avoids that.",
                    form,
                    pass.rows(),
                    smallest.rows());
        }
    }
}
