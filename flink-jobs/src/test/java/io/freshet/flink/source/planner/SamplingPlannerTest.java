package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.diffusion.GuidedChannels;
import io.freshet.flink.source.event.WorkWanted;
import io.freshet.sampling.Guidance;
import io.freshet.sampling.SamplerKind;
import io.freshet.sampling.SamplerSettings;
import io.freshet.schemas.avro.RequestRejected;
import org.junit.jupiter.api.Test;

class SamplingPlannerTest extends PlannerHarness {
    @Test
    void goesOnWhereItsStateLeftOff() {
        register(0);
        serveWith(10, A);
        request("r", 10, 1);
        request("bad", 0, 1);
        planner.handleSourceEvent(0, new WorkWanted(4));
        feed.announce("toy", 20, B);
        context.tick();
        PlannerState state = planner.snapshotState(1);

        start(OPTIONS, state);
        assertThat(feed.startedFrom).containsEntry(FakeFeed.REQUESTS, 2L).containsEntry(FakeFeed.CHECKPOINTS, 2L);
        assertThat(feed.requestsAllowed).as("a serving checkpoint is known").isTrue();
        register(0);
        assertThat(lastPlan(0)).containsExactly(A, B);
        ready(0, 10, A);
        planner.handleSourceEvent(0, new WorkWanted(20));
        assertThat(ranges(0)).extracting(SamplingPlannerTest::describe).containsExactly("r 4-10");
        request("r", 1, 1);
        assertThat(notices(RequestRejected.class)).as("the id is remembered").hasSize(1);
    }

    @Test
    void plansTheSamplerAndGuidanceThatARequestAsksFor() {
        register(0);
        serveWith(10, A);
        feed.request("{\"requestId\":\"r\",\"count\":1,\"sampler\":\"dpmpp-2m\",\"steps\":12,\"guidance\":3,"
                + "\"guidedChannels\":\"all\",\"guidanceMinNoise\":0.3,\"guidanceMaxNoise\":2.5}");
        context.tick();
        planner.handleSourceEvent(0, new WorkWanted(4));
        assertThat(ranges(0))
                .singleElement()
                .satisfies(range -> assertThat(range.request().settings())
                        .isEqualTo(new SamplerSettings(
                                SamplerKind.DPMPP_2M, 12, 0, new Guidance(3, GuidedChannels.ALL, 0.3, 2.5))));
    }

    @Test
    void refusesSettingsThatMakeNoSense() {
        register(0);
        serveWith(10, A);
        String[][] wrong = {
            {
                "\"sampler\":\"dpm\"",
                "sampler is 'dpm': expected 'auto' or one of 'ddpm', 'ddim', 'dpmpp-2m', 'dpmpp-2m-sde', 'unipc', 'flow-euler',"
                        + " 'flow-heun', 'flow-midpoint', 'flow-rk4', 'flow-sde', 'flow-sde-heun'"
            },
            {"\"guidedChannels\":\"two\"", "guidedChannels is 'two': expected 'first-three' or 'all'"},
            {"\"guidanceMinNoise\":-1", "guidanceMinNoise is -1.0: expected a noise level of at least 0"},
            {
                "\"guidanceMinNoise\":2,\"guidanceMaxNoise\":1",
                "guidanceMaxNoise is 1.0: expected a noise level above guidanceMinNoise, which is 2.0"
            },
        };
        for (String[] each : wrong) {
            feed.request("{\"requestId\":\"r\",\"count\":1," + each[0] + "}");
        }
        context.tick();
        assertThat(notices(RequestRejected.class))
                .allSatisfy(rejected -> assertThat(rejected.getCode()).isEqualTo("invalid-sampler"))
                .extracting(RequestRejected::getReason)
                .containsExactly(wrong[0][1], wrong[1][1], wrong[2][1], wrong[3][1]);
    }

    @Test
    void closesItsFeed() {
        planner.close();
        assertThat(feed.closed).isTrue();
    }
}
