package io.freshet.model;

/**
 * Size and switches of a network whose architecture is known here. Configurations are values: checked when made, written into
 * manifests as JSON.
 */
public interface DenoiserConfig extends DenoiserSignature {
    /** The network of this configuration. */
    DenoiserNetwork network();
}
