package io.freshet.weights.torchfile;

/** What cannot be taken over, said without the place; who knows the place adds it. */
final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;

    private final String what;

    RefusedException(String what) {
        super(what, null, false, false);
        this.what = what;
    }

    String what() {
        return what;
    }
}
