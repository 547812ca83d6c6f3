package io.freshet.schemas;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version of Freshet, as the build has written it. */
public final class SoftwareVersion {
    private static final String FILE = "version.properties";

    private SoftwareVersion() {}

    /**
     * Such as {@code 1.2.0}.
     *
     * @throws IllegalStateException if this build has none
     */
    public static String read() {
        try (InputStream in = SoftwareVersion.class.getResourceAsStream(FILE)) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            String version = properties.getProperty("version");
            if (version == null) {
                throw new IllegalStateException(
                        "This build of Freshet has no " + FILE + ": build the module schemas again");
            }
            return version;
        } catch (IOException e) {
            throw new UncheckedIOException(FILE + " cannot be read", e);
        }
    }
}
