package io.freshet.flink.job;

import io.freshet.flink.shard.ShardOptions;
import io.freshet.flink.source.planner.ClassPolicy;
import io.freshet.flink.source.planner.PlannerOptions;
import io.freshet.flink.source.planner.Scheduling;
import io.freshet.model.autoencoder.AutoencoderChoice;
import io.freshet.sampling.EngineOptions;
import io.freshet.sampling.Precision;
import io.freshet.schemas.Topics;
import io.freshet.schemas.avro.RequestClass;
import io.freshet.script.TorchDevice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The command line of {@link SamplingJobMain}, read.
 *
 * @param store root of the checkpoint store, a path that every TaskManager sees
 * @param autoencoder what decodes latents
 * @param device where networks run, by its name; looked for on the machine of each TaskManager
 * @param options everything else
 */
record JobArguments(String store, AutoencoderChoice autoencoder, String device, SamplingJobOptions options) {
    private static final long MOST_MIB = 1L << 24;

    enum Option {
        BOOTSTRAP_SERVERS("addresses of the Kafka cluster, host:port[,host:port...] (required)"),
        STORE("root of the checkpoint store, a path that every TaskManager sees (required)"),
        AUTOENCODER(AutoencoderChoice.DESCRIPTION),
        DEVICE("where networks run: auto (the first GPU, or else the CPU), cpu, cuda or cuda:N; auto unless given"),
        PRECISION(
                "numbers that networks are evaluated with unless a request asks for others, fp32 or bf16; fp32 unless given."
                        + " In bf16 a checkpoint takes half the memory, and less time where the processor multiplies it; checkpoints that"
                        + " come as TorchScript are refused"),
        TOPIC_PREFIX("prefix of all topics"),
        DEPLOYMENT("name of this deployment in Kafka's transactions; the topic prefix unless given"),
        PARALLELISM("engines; the cluster's default unless given"),
        MAX_PARALLELISM("upper limit of the parallelism for the lifetime of the state"),
        CHECKPOINT_INTERVAL_MILLIS("time between Flink checkpoints, and until images are visible"),
        CHECKPOINT_DIRECTORY("URI for Flink checkpoints; the cluster's unless given"),
        RESTART_ATTEMPTS("restarts after failures before giving up"),
        BUCKETS(
                "batch sizes of an engine in network rows, such as 4,8,16,32, used as they are; unless given, 4 to 256 are timed"
                        + " when a model is first loaded, and those are used that are worth it"),
        LONGEST_STEP(
                "seconds that one batch may take, for Flink's barriers wait for it; sizes that take longer are not used; "
                        + EngineOptions.LONGEST_PASS.toSeconds() + " unless given. With --buckets, they are timed too"),
        MEMORY_BUDGET(
                "MiB of weights that one engine may have in memory; networks stay there while they fit, the most recently used ones"
                        + " first. Room for three of them serves all cases; with less, some wait for rows of others to finish. Working memory"
                        + " and the autoencoder come on top. Unless given, four networks whatever they take"),
        MAX_COUNT("most images in one request"),
        CLASS_WEIGHTS("shares of the classes in the engines while all have work, as interactive=8,evaluation=2,bulk=1"),
        STARVATION_BOUND(
                "seconds after which a class that waits for a place goes next whatever its share; 10 unless given"),
        MAX_OPEN_REQUESTS(
                "requests of one class that may wait before further ones are refused, for all classes or as bulk=100,...;"
                        + " 10000 unless given"),
        MAX_WAITING_SAMPLES(
                "samples of one class that may wait before further requests are refused, for all classes or as"
                        + " interactive=5000,...; no limit unless given"),
        REMEMBERED_REQUESTS(
                "accepted requests that are remembered, so that one that comes again draws nothing; 20000 unless given"),
        EVALUATION_SAMPLES("images that each checkpoint is judged by; 0 for none"),
        EVALUATION_SEED("their seed, the same for all checkpoints"),
        EVALUATION_SAMPLER("their sampler, as in a request; for checkpoints that it does not fit, their usual one"),
        EVALUATION_STEPS("its steps"),
        EVALUATION_ETA("their DDIM eta"),
        EVALUATION_GUIDANCE("their classifier-free guidance scale"),
        REPORT_EVERY("evaluation images from one report to the next"),
        WINDOW_SAMPLES("images in the rolling window"),
        WINDOW_SLIDE("images from one report of the rolling window to the next"),
        SHARDS(
                "URI of a directory for data sets, which every TaskManager sees: images of bulk requests, and those too large for"
                        + " a message, go there in tar files; none unless given"),
        SHARD_SAMPLES("images in a tar file of a bulk request; cannot be changed while state is kept"),
        MAX_IMAGE_BYTES("size of the largest PNG file that goes into a message"),
        EXTRACTOR(
                "weights of the feature extractor, a file of 'train-extractor' that every TaskManager sees; the shipped ones unless given"),
        REFERENCE(
                "reference statistics that were made with that extractor, a file as well; the shipped ones unless given"),
        START(
                "where to begin to read: earliest, with all that is there, or latest, with what is sent from now on; earliest unless given"),
        KAFKA("a setting for every Kafka client as name=value; may be given often");

        private final String description;

        Option(String description) {
            this.description = description;
        }

        String flag() {
            return "--" + name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** All but those of the evaluation job. */
    private static final Set<Option> OF_SAMPLING =
            EnumSet.complementOf(EnumSet.of(Option.EXTRACTOR, Option.REFERENCE, Option.START));

    /**
     * Reads a command line.
     *
     * @param defaultParallelism where none is given
     * @throws IllegalArgumentException saying which argument is wrong and which there are
     */
    static JobArguments parse(String[] args, int defaultParallelism) {
        Values given = Values.read(args, OF_SAMPLING);
        SamplingJobOptions.Builder builder = SamplingJobOptions.builder(given.text(Option.BOOTSTRAP_SERVERS, null))
                .engine(engine(given))
                .planner(planner(given))
                .shards(shards(given));
        common(given, defaultParallelism, builder);
        return new JobArguments(
                given.text(Option.STORE, null),
                new AutoencoderChoice(given.values.get(Option.AUTOENCODER)),
                TorchDevice.requireName(given.text(Option.DEVICE, TorchDevice.AUTO)),
                builder.build());
    }

    /** Takes over what every job has. */
    static void common(Values given, int defaultParallelism, JobOptions.Builder<?> builder) {
        builder.kafkaProperties(given.kafka)
                .topics(new Topics(given.text(Option.TOPIC_PREFIX, Topics.DEFAULT.prefix())))
                .parallelism(given.integer(Option.PARALLELISM, defaultParallelism))
                .maxParallelism(given.integer(Option.MAX_PARALLELISM, 128))
                .checkpointInterval(Duration.ofMillis(given.integer(Option.CHECKPOINT_INTERVAL_MILLIS, 10_000)))
                .restartAttempts(given.integer(Option.RESTART_ATTEMPTS, Integer.MAX_VALUE))
                .reportEvery(given.integer(Option.REPORT_EVERY, 100))
                .window(given.integer(Option.WINDOW_SAMPLES, 1000), given.integer(Option.WINDOW_SLIDE, 250));
        given.ifPresent(Option.DEPLOYMENT, builder::deployment);
        given.ifPresent(Option.CHECKPOINT_DIRECTORY, builder::checkpointDirectory);
    }

    private static ShardOptions shards(Values given) {
        ShardOptions base = ShardOptions.NONE;
        return new ShardOptions(
                given.has(Option.SHARDS) ? given.text(Option.SHARDS, null) : null,
                given.integer(Option.SHARD_SAMPLES, base.shardSamples()),
                given.integer(Option.MAX_IMAGE_BYTES, base.maxImageBytes()));
    }

    private static EngineOptions engine(Values given) {
        return EngineOptions.of(
                given.has(Option.BUCKETS) ? given.integers(Option.BUCKETS, List.of()) : null,
                given.has(Option.LONGEST_STEP) ? given.number(Option.LONGEST_STEP, 0) : null);
    }

    private static PlannerOptions planner(Values given) {
        PlannerOptions base = PlannerOptions.DEFAULT;
        PlannerOptions.Evaluation judged = base.evaluation();
        return new PlannerOptions(
                given.whole(Option.MAX_COUNT, base.maxCount()),
                scheduling(given, base.scheduling()),
                given.integer(Option.REMEMBERED_REQUESTS, base.rememberedRequestIds()),
                base.maxResidentCheckpoints(),
                new PlannerOptions.Evaluation(
                        given.whole(Option.EVALUATION_SAMPLES, judged.samples()),
                        given.whole(Option.EVALUATION_SEED, judged.seed()),
                        given.text(Option.EVALUATION_SAMPLER, judged.sampler()),
                        given.integer(Option.EVALUATION_STEPS, judged.steps()),
                        given.number(Option.EVALUATION_ETA, judged.eta()),
                        given.number(Option.EVALUATION_GUIDANCE, judged.guidance())),
                base.holdLimit(),
                precision(given),
                memoryBudget(given));
    }

    private static long memoryBudget(Values given) {
        return given.read(
                Option.MEMORY_BUDGET,
                text -> {
                    long mib = Long.parseLong(text);
                    if (mib < 1 || mib > MOST_MIB) {
                        throw new IllegalArgumentException("out of bounds");
                    }
                    return mib << 20;
                },
                PlannerOptions.DEFAULT.memoryBudgetBytes(),
                "MiB, 1 to " + MOST_MIB);
    }

    private static Scheduling scheduling(Values given, Scheduling base) {
        Map<RequestClass, Long> weights = given.perClass(Option.CLASS_WEIGHTS);
        Map<RequestClass, Long> requests = given.perClass(Option.MAX_OPEN_REQUESTS);
        Map<RequestClass, Long> samples = given.perClass(Option.MAX_WAITING_SAMPLES);
        Scheduling scheduling = base;
        for (RequestClass each : RequestClass.values()) {
            ClassPolicy policy = base.of(each);
            scheduling = scheduling.with(
                    each,
                    new ClassPolicy(
                            Math.toIntExact(weights.getOrDefault(each, (long) policy.weight())),
                            Math.toIntExact(requests.getOrDefault(each, (long) policy.maxOpenRequests())),
                            samples.getOrDefault(each, policy.maxWaitingSamples())));
        }
        return given.has(Option.STARVATION_BOUND)
                ? scheduling.withStarvationBound(
                        Duration.ofMillis(Math.round(1000 * given.number(Option.STARVATION_BOUND, 0))))
                : scheduling;
    }

    private static Precision precision(Values given) {
        return given.read(
                Option.PRECISION, Precision::fromWireName, PlannerOptions.DEFAULT.precision(), "fp32 or bf16");
    }

    /** One line for each option of a job. */
    static String usage(Set<Option> allowed) {
        List<String> lines = new ArrayList<>();
        for (Option option : allowed) {
            lines.add(String.format("  %-30s %s", option.flag(), option.description));
        }
        return String.join("\n", lines);
    }

    /**
     * A command line in pairs of option and value.
     *
     * @param values by option, but for those of {@link Option#KAFKA}
     * @param kafka settings of Kafka clients
     */
    record Values(Map<Option, String> values, Map<String, String> kafka) {
        /**
         * Reads one.
         *
         * @param allowed the options of the job
         * @throws IllegalArgumentException saying which argument is wrong and which there are
         */
        static Values read(String[] args, Set<Option> allowed) {
            Values read = new Values(new EnumMap<>(Option.class), new HashMap<>());
            for (int i = 0; i < args.length; i += 2) {
                Option option = find(args[i], allowed);
                if (i + 1 == args.length) {
                    throw new IllegalArgumentException(args[i] + " needs a value: " + option.description);
                }
                read.add(option, args[i + 1]);
            }
            return read;
        }

        private static Option find(String flag, Set<Option> allowed) {
            for (Option option : allowed) {
                if (option.flag().equals(flag)) {
                    return option;
                }
            }
            throw new IllegalArgumentException(
                    "'" + flag + "' is no option of this job. There are:\n" + usage(allowed));
        }

        private void add(Option option, String value) {
            int equals = value.indexOf('=');
            if (option != Option.KAFKA) {
                if (values.put(option, value) != null) {
                    throw new IllegalArgumentException(option.flag() + " was given twice");
                }
            } else if (equals > 0) {
                kafka.put(value.substring(0, equals), value.substring(equals + 1));
            } else {
                throw new IllegalArgumentException("--kafka is '" + value + "': expected name=value");
            }
        }

        String text(Option option, @Nullable String otherwise) {
            String value = values.getOrDefault(option, otherwise);
            if (value == null) {
                throw new IllegalArgumentException(option.flag() + " is missing: " + option.description);
            }
            return value;
        }

        boolean has(Option option) {
            return values.containsKey(option);
        }

        void ifPresent(Option option, Consumer<String> use) {
            String value = values.get(option);
            if (value != null) {
                use.accept(value);
            }
        }

        int integer(Option option, int otherwise) {
            return read(option, Integer::valueOf, otherwise, "a whole number");
        }

        long whole(Option option, long otherwise) {
            return read(option, Long::valueOf, otherwise, "a whole number");
        }

        double number(Option option, double otherwise) {
            return read(option, Double::valueOf, otherwise, "a number");
        }

        /** One number for all classes, or some by name. */
        Map<RequestClass, Long> perClass(Option option) {
            return read(
                    option,
                    Values::perClass,
                    Map.of(),
                    "a whole number, or some by class, such as interactive=8,bulk=1");
        }

        private static Map<RequestClass, Long> perClass(String text) {
            Map<RequestClass, Long> values = new EnumMap<>(RequestClass.class);
            for (String each : text.split(",", -1)) {
                int equals = each.indexOf('=');
                long value = Long.parseLong(each.substring(equals + 1).strip());
                if (value < 1 || value > Integer.MAX_VALUE) {
                    throw new IllegalArgumentException("at least 1 is expected");
                }
                if (equals < 0) {
                    for (RequestClass requestClass : RequestClass.values()) {
                        values.put(requestClass, value);
                    }
                } else {
                    String name = each.substring(0, equals).strip().toUpperCase(Locale.ROOT);
                    values.put(RequestClass.valueOf(name), value);
                }
            }
            return values;
        }

        List<Integer> integers(Option option, List<Integer> otherwise) {
            return read(
                    option,
                    text -> Arrays.stream(text.split(",", -1))
                            .map(each -> Integer.valueOf(each.strip()))
                            .toList(),
                    otherwise,
                    "whole numbers with commas between");
        }

        <T> T read(Option option, Function<String, T> parse, T otherwise, String expected) {
            String text = values.get(option);
            if (text == null) {
                return otherwise;
            }
            try {
                return parse.apply(text);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(option.flag() + " is '" + text + "': expected " + expected, e);
            }
        }
    }
}
