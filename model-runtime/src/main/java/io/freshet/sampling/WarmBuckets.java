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
        if (smallest != null && denoiser.cachesFeatures()) {
            sameBits &= warmCache(form, denoiser, profile, smallest);
        }
        return new WarmBuckets(profile, sameBits);
    }

    /**
     * Runs the other two kinds of pass, in the smallest buckets only: a whole one in the smallest, whose predictions must be those of a
     * plain one, and shallow ones in the two smallest, with its features. In the larger buckets they do what plain passes do at the same
     * sizes, but for one linear layer, and so the plain ones have warmed them and have shown whether a row keeps its bits.
     *
     * @return whether a row keeps its bits
     */
    private static boolean warmCache(NetworkForm form, Denoiser denoiser, BucketProfile profile, TrialPass smallest)
            throws CheckpointException {
        TrialPass whole = new TrialPass(form, denoiser, smallest.rows());
        whole.run(Pass.WHOLE);
        boolean sameBits = whole.agreesWith(smallest);
        TrialPass first = null;
        for (int bucket :
                profile.buckets().subList(0, Math.min(2, profile.buckets().size()))) {
            TrialPass shallow = new TrialPass(form, denoiser, bucket);
            shallow.takeFeatures(whole);
            shallow.run(Pass.SHALLOW);
            shallow.requireFinite();
            first = first == null ? shallow : first;
            sameBits &= shallow.agreesWith(first);
        }
        if (!sameBits) {
            LOG.warn(
                    "The network of {}: a row's prediction with deep features kept or used again differs in its bits by the batch."
                            + " Images with a feature cache will depend slightly on what they are batched with.",
                    form.inWords());
        }
        return sameBits;
    }

    private static void warn(NetworkForm form, TrialPass pass, TrialPass smallest, BucketProfile profile) {
        if (profile.sameBits()) { // or else it was told when the buckets were chosen
            LOG.warn(
                    "The network of {}: a row's prediction in a batch of {} differs in its bits from the one in a batch of {}."
                            + " Images will depend slightly on what they are batched with; a single bucket avoids that.",
                    form.inWords(),
                    pass.rows(),
                    smallest.rows());
        }
    }
}
