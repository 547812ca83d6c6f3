package io.freshet.flink.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.freshet.flink.shard.ShardOptions;
import io.freshet.model.autoencoder.AutoencoderChoice;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.Precision;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JobArgumentsTest {
    private static JobArguments parse(String line) {
        return JobArguments.parse(line.split(" "), 3);
    }

    @Test
    void readsEveryKindOfValueAndLeavesTheRestAtItsDefault() {
        JobArguments arguments = parse(
                "--bootstrap-servers k:9092 --store /data --topic-prefix mine"
                        + " --checkpoint-interval-millis 2000 --buckets 2,6 --evaluation-samples 64 --evaluation-guidance 2.5"
                        + " --kafka security.protocol=SSL --kafka a=b=c --device CUDA:1 --precision bf16 --autoencoder sha256:0123abcd");
        SamplingJobOptions options = arguments.options();
        assertThat(arguments.store()).isEqualTo("/data");
        assertThat(arguments.device()).isEqualTo("cuda:1");
        assertThat(arguments.autoencoder().which()).isEqualTo("sha256:0123abcd");
        assertThat(options.deployment()).isEqualTo("mine");
        assertThat(options.parallelism()).as("the cluster's").isEqualTo(3);
        assertThat(options.common().checkpointInterval()).isEqualTo(Duration.ofSeconds(2));
        assertThat(options.engine()).as("told, not timed").isEqualTo(new EngineOptions(List.of(2, 6)));
        assertThat(options.planner().precision()).isEqualTo(Precision.BF16);
        assertThat(options.planner().evaluation().samples()).isEqualTo(64);
        assertThat(options.planner().evaluation().guidance()).isEqualTo(2.5);
        assertThat(options.kafkaProperties()).isEqualTo(Map.of("security.protocol", "SSL", "a", "b=c"));
    }

    @Test
    void takesTheStoresAutoencoderAndTheBestDeviceUnlessTold() {
        JobArguments arguments = parse("--bootstrap-servers k:9092 --store /data");
        assertThat(arguments.device()).isEqualTo("auto");
        assertThat(arguments.options().planner().precision()).isEqualTo(Precision.FP32);
        assertThat(arguments.autoencoder()).isEqualTo(AutoencoderChoice.ONLY_ONE);
    }

    @Test
    void timesBatchSizesUnlessTold() {
        String needed = "--bootstrap-servers k:9092 --store /data ";
        assertThat(parse(needed.strip()).options().engine()).isEqualTo(EngineOptions.DEFAULT);
        assertThat(parse(needed + "--longest-step 0.2").options().engine())
                .isEqualTo(new EngineOptions(EngineOptions.CANDIDATES, Duration.ofMillis(200)));
        assertThat(parse(needed + "--longest-step 2 --buckets 8,16").options().engine())
                .isEqualTo(new EngineOptions(List.of(8, 16), Duration.ofSeconds(2)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse(needed + "--longest-step 0"))
                .withMessage("The longest pass is 0.0 s: expected 0.001 to 3600.0");
    }

    @Test
    void writesShardsWhereTold() {
        String needed = "--bootstrap-servers k:9092 --store /data ";
        assertThat(parse(needed.strip()).options().shards()).isEqualTo(ShardOptions.NONE);
        assertThat(parse(needed + "--shards s3://b/sets --shard-samples 50 --max-image-bytes 9000")
                        .options()
                        .shards())
                .isEqualTo(new ShardOptions("s3://b/sets", 50, 9000));
    }

    @Test
    void saysWhatIsWrong() {
        String needed = "--bootstrap-servers k:9092 --store /data ";
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("--store /data"))
                .withMessageContaining("--bootstrap-servers is missing");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse(needed + "--window 5"))
                .withMessageContaining("'--window' is no option")
                .withMessageContaining("--window-samples");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse(needed + "--max-count many"))
                .withMessageContaining("--max-count is 'many': expected a whole number");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse(needed + "--memory-budget 0"))
                .withMessage("--memory-budget is '0': expected MiB, 1 to 16777216");
        assertThat(parse(needed + "--memory-budget 300").options().planner().memoryBudgetBytes())
                .isEqualTo(300L << 20);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse(needed + "--precision half"))
                .withMessageContaining("--precision is 'half': expected fp32 or bf16");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse(needed + "--store /other"))
                .withMessageContaining("--store was given twice");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse(needed + "--max-count"))
                .withMessageContaining("--max-count needs a value");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse(needed + "--device gpu"))
                .withMessageContaining("'gpu' is no device");
    }

    @Test
    void readsTheEvaluationJobsOptionsAndKeepsThoseOfTheOtherJobOut() {
        EvaluationArguments arguments = EvaluationArguments.parse(
                "--bootstrap-servers k:9092 --topic-prefix mine --start latest --extractor /w --window-samples 50 --window-slide 5"
                        .split(" "),
                2);
        assertThat(arguments.extractor()).isEqualTo("/w");
        assertThat(arguments.reference()).isNull();
        assertThat(arguments.options().start()).isEqualTo(EvaluationJobOptions.Start.LATEST);
        assertThat(arguments.options().common().parallelism()).isEqualTo(2);
        assertThat(arguments.options().common().windowSlide()).isEqualTo(5);
        assertThat(arguments.options().common().deployment())
                .as("another one than that of the sampling job on the same topics")
                .isEqualTo("mine.evaluation");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EvaluationArguments.parse(new String[] {"--store", "/data"}, 1))
                .withMessageContaining("'--store' is no option")
                .withMessageContaining("--extractor");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("--bootstrap-servers k:9092 --store /data --start latest"))
                .withMessageContaining("'--start' is no option");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EvaluationArguments.parse("--bootstrap-servers k:9092 --start first".split(" "), 1))
                .withMessageContaining("--start is 'first': expected earliest or latest");
    }
}
