package io.freshet.sampling;

import io.freshet.diffusion.Prediction;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** Engines over toy networks: checkpoint 3 and 4 predict a velocity, 0, 1 and 3 can use deep features again. */
abstract class EngineHarness {
    static final SamplerSettings QUICK = new SamplerSettings(SamplerKind.DDIM, 2, 0, 1);
    static final SamplerSettings GUIDED = new SamplerSettings(SamplerKind.DDIM, 4, 0, 3);

    final ToyDenoiser.Loader loader = new ToyDenoiser.Loader()
            .with(0, new ToyDenoiser(3, true, 0.9).caching(7))
            .with(1, new ToyDenoiser(4, true, 0.7).caching(4))
            .with(2, new ToyDenoiser(1, false, 0.5))
            .with(
                    3,
                    new ToyDenoiser(4, true, 0.3)
                            .predicting(Prediction.VELOCITY)
                            .caching(9))
            .with(4, new ToyDenoiser(3, false, 0.1).predicting(Prediction.VELOCITY));
    final List<SamplingEngine> engines = new ArrayList<>();

    SamplingEngine engine(Integer... buckets) {
        SamplingEngine engine = new SamplingEngine(new EngineOptions(List.of(buckets)), loader);
        engines.add(engine);
        return engine;
    }

    SamplingEngine loadedEngine(Integer... buckets) {
        loader.denoisers.replaceAll((step, old) -> new ToyDenoiser(old.channels(), old.learnsSigma(), 0.9 - 0.2 * step)
                .predicting(old.prediction())
                .caching(old.featureSize()));
        SamplingEngine engine = engine(buckets);
        loader.denoisers
                .keySet()
                .forEach(step -> engine.stage(ToyDenoiser.ref(step)).join());
        loader.denoisers.values().forEach(denoiser -> denoiser.calls.clear());
        return engine;
    }

    static SampleTask task(String request, long index, int label, SamplerSettings settings, long step) {
        return new SampleTask(request, index, 77, label, settings, ToyDenoiser.ref(step));
    }

    static String sha256(SampleRow row) {
        return row.task().checkpoint().sha256();
    }

    static List<FinishedSample> drain(SamplingEngine engine) {
        List<FinishedSample> finished = new ArrayList<>();
        while (!engine.isIdle()) {
            finished.addAll(engine.step());
        }
        return finished;
    }

    @AfterEach
    void closeEngines() {
        engines.forEach(SamplingEngine::close);
    }
}
