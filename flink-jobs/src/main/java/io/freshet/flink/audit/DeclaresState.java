package io.freshet.flink.audit;

import java.util.List;
import org.apache.flink.api.common.state.StateDescriptor;

/**
 * A function that tells, before it runs, which keyed state it will have. Every keyed function of a job does, or {@link JobAudit} could
 * not see how its state is written.
 */
public interface DeclaresState {
    /** New descriptors, equal in effect to those that the function opens its state with; a function opens no other state. */
    List<StateDescriptor<?, ?>> stateDescriptors();
}
