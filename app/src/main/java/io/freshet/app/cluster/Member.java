package io.freshet.app.cluster;

/**
 * One of the processes of a cluster.
 *
 * @param role what it does
 * @param number which one of its role, from 1
 */
public record Member(Role role, int number) {
    /** The broker. */
    public static final Member BROKER = new Member(Role.BROKER, 1);
    /** The JobManager. */
    public static final Member JOB_MANAGER = new Member(Role.JOB_MANAGER, 1);

    /** What a process does. */
    public enum Role {
        BROKER("broker"),
        JOB_MANAGER("jobmanager"),
        TASK_MANAGER("taskmanager");

        private final String word;

        Role(String word) {
            this.word = word;
        }
    }

    public Member {
        if (number < 1 || (role != Role.TASK_MANAGER && number > 1)) {
            throw new IllegalArgumentException("There is no " + role.word + " " + number + ": expected 1"
                    + (role == Role.TASK_MANAGER ? " or more" : ""));
        }
    }

    /** A TaskManager, from 1. */
    public static Member taskManager(int number) {
        return new Member(Role.TASK_MANAGER, number);
    }

    /** As people and logs call it. */
    public String displayName() {
        return role == Role.TASK_MANAGER ? role.word + "-" + number : role.word;
    }
}
