package io.freshet.flink.source.planner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import org.junit.jupiter.api.Test;

class PlannerOptionsTest {
    @Test
    void hasItsDefaultsWhicheverOfItsClassesIsUsedFirst() throws ReflectiveOperationException, IOException {
        for (String first : new String[] {"io.freshet.flink.source.planner.PlannerOptions", evaluation()}) {
            try (URLClassLoader fresh = freshClasses()) {
                Class.forName(first, true, fresh);
                Object defaults = Class.forName("io.freshet.flink.source.planner.PlannerOptions", true, fresh)
                        .getField("DEFAULT")
                        .get(null);
                assertThat(defaults.toString())
                        .as("defaults when %s is used first", first)
                        .contains("Evaluation[");
            }
        }
    }

    private static String evaluation() {
        return "io.freshet.flink.source.planner.PlannerOptions$Evaluation";
    }

    /** The same classes, none of them initialised. */
    private static URLClassLoader freshClasses() {
        URL here = PlannerOptions.class.getProtectionDomain().getCodeSource().getLocation();
        ClassLoader others = new ClassLoader(PlannerOptions.class.getClassLoader()) {
            @Override
            protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                if (name.startsWith(PlannerOptions.class.getPackageName())) {
                    throw new ClassNotFoundException(name);
                }
                return super.loadClass(name, resolve);
            }
        };
        return new URLClassLoader(new URL[] {here}, others);
    }
}
