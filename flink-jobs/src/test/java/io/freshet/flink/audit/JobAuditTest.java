package io.freshet.flink.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.freshet.schemas.avro.SamplerOutput;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.formats.avro.typeutils.AvroTypeInfo;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;

class JobAuditTest {
    private final StreamExecutionEnvironment env = environment(16);

    private static StreamExecutionEnvironment environment(int maxParallelism) {
        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.GENERIC_TYPES, false);
        configuration.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
        if (maxParallelism > 0) {
            configuration.set(PipelineOptions.MAX_PARALLELISM, maxParallelism);
        }
        return StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    }

    private static DataStream<Long> numbers(StreamExecutionEnvironment env) {
        return env.fromSequence(0, 1).uid("numbers");
    }

    private static void end(DataStream<?> stream) {
        stream.sinkTo(new DiscardingSink<>()).name("end").uid("end");
    }

    /** A POJO with a field that Flink cannot look into. */
    @SuppressWarnings("unused")
    public static final class Holder {
        public ArrayDeque<String> queue = new ArrayDeque<>();
    }

    private static class Keyed extends KeyedProcessFunction<Long, Long, Long> {
        private static final long serialVersionUID = 1;

        @Override
        public void processElement(Long value, Context context, Collector<Long> out) {
            out.collect(value);
        }
    }

    private static final class Declaring extends Keyed implements DeclaresState {
        private static final long serialVersionUID = 1;

        private final boolean generic;

        Declaring(boolean generic) {
            this.generic = generic;
        }

        @Override
        public List<StateDescriptor<?, ?>> stateDescriptors() {
            StateDescriptor<?, ?> other = generic
                    ? new ListStateDescriptor<>("holders", TypeInformation.of(Holder.class))
                    : new ListStateDescriptor<>("holders", Types.STRING);
            return List.of(new ValueStateDescriptor<>("last", Types.LONG), other);
        }
    }

    @Test
    void letsAWellKeptJobPassAndLeavesItsGraphToBeExecuted() {
        end(numbers(env)
                .keyBy(n -> n, Types.LONG)
                .process(new Declaring(false), Types.LONG)
                .name("keeps")
                .uid("keeps"));
        JobAudit.require(env);
        int nodes = env.getStreamGraph(false).getStreamNodes().size();
        JobAudit.require(env);
        assertThat(env.getStreamGraph().getStreamNodes())
                .as("operators after looking twice")
                .hasSize(nodes);
    }

    @Test
    void namesTheOperatorAndTheTypeThatKryoWouldWriteHoweverDeepItLies() {
        end(numbers(env)
                .map(n -> Map.of("a", new Holder()))
                .returns(Types.MAP(Types.STRING, TypeInformation.of(Holder.class)))
                .name("makes holders")
                .uid("makes-holders"));
        assertThatIllegalStateException()
                .isThrownBy(() -> JobAudit.require(env))
                .withMessageContaining(
                        "The job is not started: operator 'makes holders' sends out java.util.ArrayDeque,"
                                + " which Kryo would write (a part of java.util.Map)")
                .withMessageContaining("give it a type that Flink or Avro can write");
    }

    @Test
    void findsKryoInsideOfSerializersWhereTypesDoNotShowIt() {
        TypeInformation<Holder> type = TypeInformation.of(Holder.class);
        StreamExecutionEnvironment lenient = StreamExecutionEnvironment.getExecutionEnvironment();
        assertThat(SerializerWalk.find(Types.MAP(Types.STRING, type)
                        .createSerializer(lenient.getConfig().getSerializerConfig())))
                .hasValueSatisfying(found -> assertThat(found).contains("java.util.ArrayDeque, which Kryo"));
        assertThat(SerializerWalk.find(new org.apache.flink.runtime.state.JavaSerializer<>()))
                .hasValueSatisfying(found -> assertThat(found).contains("Java serialization"));
        assertThat(SerializerWalk.find(new AvroTypeInfo<>(SamplerOutput.class)
                        .createSerializer(lenient.getConfig().getSerializerConfig())))
                .isEmpty();
    }

    @Test
    void namesOperatorsWithoutAUidOrWithThatOfAnother() {
        end(numbers(env).map(n -> n).returns(Types.LONG).name("nameless"));
        assertThatIllegalStateException()
                .isThrownBy(() -> JobAudit.require(env))
                .withMessageContaining("operator 'nameless' has no uid")
                .withMessageContaining("give it one with uid()");

        StreamExecutionEnvironment other = environment(16);
        end(numbers(other).map(n -> n).returns(Types.LONG).name("twin").uid("numbers"));
        assertThatIllegalStateException()
                .isThrownBy(() -> JobAudit.require(other))
                .withMessageContaining("operator 'twin' has the uid 'numbers', which another one has too");
    }

    @Test
    void namesOperatorsWithoutAnUpperLimitOfTheirParallelism() {
        StreamExecutionEnvironment unlimited = environment(0);
        end(numbers(unlimited).map(n -> n).returns(Types.LONG).name("free").uid("free"));
        assertThatIllegalStateException()
                .isThrownBy(() -> JobAudit.require(unlimited))
                .withMessageContaining("operator 'free' has no upper limit of its parallelism")
                .withMessageContaining("pipeline.max-parallelism");
    }

    @Test
    void namesKeyedFunctionsThatHideTheirStateOrKeepWhatKryoWouldWrite() {
        end(numbers(env)
                .keyBy(n -> n, Types.LONG)
                .process(new Keyed(), Types.LONG)
                .name("hides")
                .uid("hides"));
        assertThatIllegalStateException()
                .isThrownBy(() -> JobAudit.require(env))
                .withMessageContaining("operator 'hides' is keyed and does not tell its state")
                .withMessageContaining("implement DeclaresState");

        StreamExecutionEnvironment other = environment(16);
        end(numbers(other)
                .keyBy(n -> n, Types.LONG)
                .process(new Declaring(true), Types.LONG)
                .name("hoards")
                .uid("hoards"));
        assertThatIllegalStateException()
                .isThrownBy(() -> JobAudit.require(other))
                .withMessageContaining("operator 'hoards' keeps in its state 'holders'")
                .withMessageContaining("ArrayDeque");
    }
}
