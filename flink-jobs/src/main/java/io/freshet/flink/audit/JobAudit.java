package io.freshet.flink.audit;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.functions.Function;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.graph.StreamEdge;
import org.apache.flink.streaming.api.graph.StreamGraph;
import org.apache.flink.streaming.api.graph.StreamNode;
import org.apache.flink.streaming.api.operators.AbstractUdfStreamOperator;
import org.apache.flink.streaming.api.operators.SimpleOperatorFactory;
import org.apache.flink.streaming.api.transformations.PhysicalTransformation;
import org.apache.flink.streaming.api.transformations.SideOutputTransformation;
import org.apache.flink.streaming.api.transformations.SinkTransformation;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a job whose state would not last: records on an edge, keys or state that Kryo or Java serialization would write, operators
 * without a uid of their own or without an upper limit of their parallelism.
 *
 * <p>Looks at what is known before a job runs: the types of all operators, the serializers of all edges and keys, and the state that
 * keyed functions {@linkplain DeclaresState declare}. State that an operator registers otherwise while it runs is kept from Kryo by
 * Flink, with {@code pipeline.generic-types} off. The state of sources, split by split, and of sinks is written by versioned serializers
 * that are part of their interfaces. Events between the planner and its readers are written by Java serialization: Flink's
 * interface for them leaves no choice, and they are never part of state.
 */
public final class JobAudit {
    private static final String REMEDY = ": give it a type that Flink or Avro can write";

    private final Set<String> faults = new TreeSet<>();

    private JobAudit() {}

    /**
     * Looks at all that was added to an environment so far.
     *
     * @throws IllegalStateException naming every operator and type that has to be changed
     */
    public static void require(StreamExecutionEnvironment env) {
        JobAudit audit = new JobAudit();
        audit.lookAtTransformations(env.getTransformations());
        // Flink makes no graph of types that it is not allowed to write, nor of operators without a uid.
        audit.throwIfAny();
        audit.lookAtGraph(env.getStreamGraph(false), env.getConfig());
        audit.throwIfAny();
    }

    private void throwIfAny() {
        if (!faults.isEmpty()) {
            throw new IllegalStateException("The job is not started: " + String.join("; ", faults));
        }
    }

    private void lookAtTransformations(List<Transformation<?>> added) {
        List<Transformation<?>> all = added.stream()
                .flatMap(transformation -> transformation.getTransitivePredecessors().stream())
                .distinct()
                .sorted(Comparator.comparingInt(Transformation::getId))
                .toList();
        Set<String> uids = new TreeSet<>();
        for (Transformation<?> transformation : all) {
            String name = transformation.getName();
            lookAtOutput(transformation);
            if (transformation instanceof PhysicalTransformation && transformation.getUserProvidedNodeHash() == null) {
                String uid = transformation.getUid();
                if (uid == null) {
                    faults.add("operator '" + name + "' has no uid, so that its state would be lost when the job"
                            + " changes: give it one with uid()");
                } else if (!uids.add(uid)) {
                    faults.add("operator '" + name + "' has the uid '" + uid
                            + "', which another one has too: give it one of its own");
                }
            }
        }
    }

    private void lookAtOutput(Transformation<?> transformation) {
        boolean side = transformation instanceof SideOutputTransformation;
        boolean sends =
                transformation instanceof PhysicalTransformation && !(transformation instanceof SinkTransformation);
        if (side || sends) {
            String name = side ? transformation.getInputs().get(0).getName() : transformation.getName();
            SerializerWalk.find(transformation.getOutputType())
                    .ifPresent(found -> faults.add("operator '" + name + "' sends out " + found + REMEDY));
        }
    }

    private void lookAtGraph(StreamGraph graph, ExecutionConfig config) {
        for (StreamNode node : graph.getStreamNodes()) {
            for (TypeSerializer<?> in : node.getTypeSerializersIn()) {
                check(node, "takes in", in);
            }
            check(node, "sends out", node.getTypeSerializerOut());
            check(node, "is keyed by", node.getStateKeySerializer());
            for (StreamEdge edge : node.getOutEdges()) {
                if (edge.getOutputTag() != null) {
                    check(
                            node,
                            "sends out to the side",
                            edge.getOutputTag().getTypeInfo().createSerializer(config.getSerializerConfig()));
                }
            }
            if (node.getMaxParallelism() <= 0 && config.getMaxParallelism() <= 0) {
                faults.add("operator '" + node.getOperatorName() + "' has no upper limit of its parallelism, so that"
                        + " Flink would choose one: set pipeline.max-parallelism");
            }
            if (node.getStateKeySerializer() != null) {
                lookAtState(node, config);
            }
        }
    }

    private void lookAtState(StreamNode node, ExecutionConfig config) {
        Function function = functionOf(node);
        if (!(function instanceof DeclaresState declares)) {
            faults.add("operator '" + node.getOperatorName() + "' is keyed and does not tell its state: let "
                    + (function == null ? "its function" : function.getClass().getName()) + " implement "
                    + DeclaresState.class.getSimpleName());
            return;
        }
        for (StateDescriptor<?, ?> state : declares.stateDescriptors()) {
            String what = "keeps in its state '" + state.getName() + "'";
            try {
                state.initializeSerializerUnlessSet(config);
            } catch (UnsupportedOperationException e) {
                faults.add("operator '" + node.getOperatorName() + "' " + what + " what Kryo would write: "
                        + e.getMessage());
                continue;
            }
            check(node, what, state.getSerializer());
        }
    }

    private void check(StreamNode node, String relation, @Nullable TypeSerializer<?> serializer) {
        SerializerWalk.find(serializer)
                .ifPresent(found ->
                        faults.add("operator '" + node.getOperatorName() + "' " + relation + " " + found + REMEDY));
    }

    private static @Nullable Function functionOf(StreamNode node) {
        return node.getOperatorFactory() instanceof SimpleOperatorFactory<?> factory
                        && factory.getOperator() instanceof AbstractUdfStreamOperator<?, ?> operator
                ? operator.getUserFunction()
                : null;
    }
}
