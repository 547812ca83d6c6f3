package io.freshet.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.elements.GivenClassesConjunction;
import org.jspecify.annotations.NullMarked;

/** Arrows run one way: app → {flink-jobs, training} → model-runtime → schemas. */
@AnalyzeClasses(packages = "io.freshet", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String SCHEMAS = "io.freshet.schemas..";
    private static final String TRAINING = "io.freshet.training..";
    private static final String FLINK_JOBS = "io.freshet.flink..";
    private static final String APP = "io.freshet.app..";

    /** Everything of ours that is none of the other modules: its packages are the concepts of the field. */
    private static final DescribedPredicate<JavaClass> MODEL_RUNTIME = DescribedPredicate.describe(
            "of model-runtime",
            type -> type.getPackageName().startsWith("io.freshet.")
                    && !JavaClass.Predicates.resideInAnyPackage(SCHEMAS, TRAINING, FLINK_JOBS, APP)
                            .test(type));

    @ArchTest
    static final ArchRule arrowsRunOneWay = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("app")
            .definedBy(APP)
            .layer("flink-jobs")
            .definedBy(FLINK_JOBS)
            .layer("training")
            .definedBy(TRAINING)
            .layer("model-runtime")
            .definedBy(MODEL_RUNTIME)
            .layer("schemas")
            .definedBy(SCHEMAS)
            .whereLayer("app")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("flink-jobs")
            .mayOnlyBeAccessedByLayers("app")
            .whereLayer("training")
            .mayOnlyBeAccessedByLayers("app")
            .whereLayer("model-runtime")
            .mayOnlyBeAccessedByLayers("training", "flink-jobs", "app");

    @ArchTest
    static final ArchRule modelRuntimeKnowsNeitherFlinkNorKafka = modelRuntime()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.flink..", "org.apache.kafka..", "kafka..");

    @ArchTest
    static final ArchRule schemasKnowNeitherModelsNorStreams = noClasses()
            .that()
            .resideInAPackage(SCHEMAS)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.flink..", "org.apache.kafka..", "ai.djl..");

    @ArchTest
    static final ArchRule trainingKnowsNoFlink = noClasses()
            .that()
            .resideInAPackage(TRAINING)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.apache.flink..");

    @ArchTest
    static final ArchRule packagesFormNoCycles =
            slices().matching("io.freshet.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule everyPackageIsNullMarked =
            classes().that().resideOutsideOfPackage("io.freshet.schemas.avro").should(resideInANullMarkedPackage());

    private static ArchCondition<JavaClass> resideInANullMarkedPackage() {
        return new ArchCondition<>("reside in a package whose package-info is @NullMarked") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                boolean marked = type.getPackage().isAnnotatedWith(NullMarked.class);
                events.add(new SimpleConditionEvent(
                        type, marked, type.getName() + (marked ? " is" : " is not") + " in a null-marked package"));
            }
        };
    }

    private static GivenClassesConjunction modelRuntime() {
        return noClasses().that(MODEL_RUNTIME);
    }
}
