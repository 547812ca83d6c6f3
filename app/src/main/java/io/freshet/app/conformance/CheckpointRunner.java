package io.freshet.app.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.freshet.model.DenoiserConfig;
import io.freshet.model.DenoiserScripts;
import io.freshet.sampling.Precision;
import io.freshet.script.TorchDevice;
import io.freshet.script.TorchModule;
import io.freshet.weights.ScratchFile;
import io.freshet.weights.Tensor;
import io.freshet.weights.torchfile.StateDict;
import io.freshet.weights.torchfile.StateDicts;
import io.freshet.weights.torchfile.TorchFile;
import io.freshet.weights.torchfile.TorchTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checkpoints of the original training script, whole and as a state dict alone, in all files beside the description. */
final class CheckpointRunner implements FixtureRunner {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double FORWARD = 2e-5;

    @Override
    public void run(Fixture fixture, TorchDevice device, Checks checks) throws IOException {
        for (Path path : TorchFiles.beside(fixture)) {
            String where = path.getFileName() + ": ";
            try (TorchFile file = TorchFile.open(path);
                    ScratchFile scratch = new ScratchFile()) {
                StateDicts dicts = StateDicts.of(file);
                boolean whole = dicts.names().contains("ema");
                StateDict ema = whole ? dicts.named("ema") : dicts.only();
                checkWeights(where + "ema.", fixture.below("ema."), ema, scratch, checks);
                if (whole) {
                    checkWeights(where + "model.", fixture.below("model."), dicts.named("model"), scratch, checks);
                    checkOptimizer(where, fixture, file, checks);
                    checkPlain(where + "args", fixture.json().path("args"), dicts.settings(), checks);
                }
                if (fixture.has("expected.out")) {
                    checkForward(where, fixture, ema.readFloat32(scratch), device, checks);
                }
            }
        }
    }

    private static void checkWeights(
            String where, Map<String, Tensor> expected, StateDict dict, ScratchFile scratch, Checks checks)
            throws IOException {
        checks.equal(where + "*", expected.keySet(), dict.tensors().keySet());
        for (Map.Entry<String, Tensor> entry : expected.entrySet()) {
            TorchTensor tensor = dict.tensors().get(entry.getKey());
            if (tensor != null) {
                checks.identical(where + entry.getKey(), entry.getValue(), tensor.read(scratch));
            }
        }
    }

    /** The optimizer's state is kept by the positions of parameters. */
    private static void checkOptimizer(String where, Fixture fixture, TorchFile file, Checks checks)
            throws IOException {
        Map<String, Integer> places = new HashMap<>();
        fixture.json().path("opt_param_order").forEach(name -> places.put(name.asText(), places.size()));
        for (Map.Entry<String, Tensor> entry : fixture.below("opt.").entrySet()) {
            String name = entry.getKey();
            int dot = name.indexOf('.');
            if (name.equals("step")) {
                for (int place : places.values()) {
                    checkStep(
                            where + "opt.step " + place,
                            entry.getValue(),
                            file.at("opt", "state", place, name),
                            checks);
                }
            } else if (dot > 0 && places.containsKey(name.substring(dot + 1))) {
                int place = places.getOrDefault(name.substring(dot + 1), 0);
                Object found = file.at("opt", "state", place, name.substring(0, dot));
                if (found instanceof TorchTensor tensor) {
                    checks.identical(where + "opt." + name, entry.getValue(), tensor.read());
                } else {
                    checks.fail(where + "opt." + name, 0, "there is no such tensor");
                }
            } else {
                checks.fail(where + "opt." + name, 0, "it is no parameter of opt_param_order");
            }
        }
        checkPlain(where + "param_groups", fixture.json().path("param_groups"), file.at("opt", "param_groups"), checks);
    }

    /** Newer versions of PyTorch keep it in a tensor. */
    private static void checkStep(String check, Tensor expected, @Nullable Object found, Checks checks)
            throws IOException {
        double[] actual = found instanceof TorchTensor tensor
                ? Numbers.doubles(tensor.read())
                : found instanceof Number number ? new double[] {number.doubleValue()} : new double[0];
        checks.close(check, Numbers.doubles(expected), actual, 0);
    }

    private static void checkPlain(String check, JsonNode expected, @Nullable Object found, Checks checks)
            throws IOException {
        checks.equal(check, expected, JSON.readTree(JSON.writeValueAsString(found)));
    }

    /** Folds what is in the file, where the original has folded once before it saved. */
    private static void checkForward(
            String where, Fixture fixture, Map<String, Tensor> weights, TorchDevice device, Checks checks) {
        JsonNode arguments = fixture.constructor();
        int inputSize = fixture.tensor("input.x").shape().get(2).intValue();
        String type = arguments.path("depth").isArray() ? "U_DiT" : "DiT";
        DenoiserConfig config = OriginalConstructors.config(type, arguments, inputSize);
        Map<String, Tensor> folded = DenoiserScripts.fold(config, weights);
        try (TorchModule network =
                TorchModule.load(DenoiserScripts.inference(config, folded, device, Precision.FP32), device)) {
            Tensor out = network.run(
                            "forward",
                            fixture.tensor("input.x"),
                            Numbers.floats(fixture.tensor("input.t")),
                            fixture.tensor("input.y"))
                    .get(0);
            checks.close(where + "forward", fixture.tensor("expected.out"), out, FORWARD);
        }
    }
}
