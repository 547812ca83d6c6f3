package io.freshet.app;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** Versions as the build has written them. */
final class VersionProvider implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
        Properties versions = new Properties();
        try (InputStream in = VersionProvider.class.getResourceAsStream("version.properties")) {
            if (in == null) {
                throw new IOException("version.properties is missing: build the app module again");
            }
            versions.load(in);
        }
        return new String[] {
            "freshet " + versions.getProperty("version"),
            "Java " + Runtime.version() + ", LibTorch " + versions.getProperty("torch") + ", Flink "
                    + versions.getProperty("flink") + ", Kafka " + versions.getProperty("kafka")
        };
    }
}
