package io.freshet.app.models;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Parameters as the tree that their dotted names form. Numbered siblings that are alike, such as the blocks of a stage, are shown
 * once.
 */
public final class ParameterTree {
    private final Node root = new Node();
    private final boolean collapsed;
    private final boolean unicode;

    /**
     * A tree.
     *
     * @param shapes sizes by dotted name
     * @param collapsed whether siblings that are alike are shown once
     * @param unicode whether lines may be drawn with more than ASCII
     */
    public ParameterTree(Map<String, long[]> shapes, boolean collapsed, boolean unicode) {
        this.collapsed = collapsed;
        this.unicode = unicode;
        shapes.forEach((name, shape) -> root.put(name.split("\\."), 0, shape));
    }

    /** One line for each node, with its shape or the number of parameters below it. */
    public List<String> lines() {
        List<String[]> cells = new ArrayList<>();
        children(root, "", cells);
        int width = cells.stream().mapToInt(cell -> cell[0].length()).max().orElse(0);
        return cells.stream()
                .map(cell -> cell[0] + " ".repeat(width - cell[0].length()) + "  " + cell[1])
                .toList();
    }

    private void children(Node node, String indent, List<String[]> cells) {
        List<Group> groups = groups(node);
        for (int i = 0; i < groups.size(); i++) {
            Group group = groups.get(i);
            boolean last = i == groups.size() - 1;
            boolean top = node == root;
            String branch = top ? "" : last ? (unicode ? "└─ " : "`- ") : (unicode ? "├─ " : "|- ");
            String below = top ? "" : last ? "   " : (unicode ? "│  " : "|  ");
            cells.add(new String[] {indent + branch + group.label(), group.node.description()});
            children(group.node, indent + below, cells);
        }
    }

    /** Consecutive siblings that are alike. */
    private record Group(String first, String last, int size, Node node) {
        String label() {
            return size == 1 ? first : first + " to " + last + " (" + size + " alike)";
        }

        boolean takes(String name, Node other) {
            return isNumber(first) && isNumber(name) && node.isLike(other);
        }
    }

    private List<Group> groups(Node node) {
        List<Group> groups = new ArrayList<>();
        node.children.forEach((name, child) -> {
            Group last = groups.isEmpty() ? null : groups.get(groups.size() - 1);
            if (collapsed && last != null && last.takes(name, child)) {
                groups.set(groups.size() - 1, new Group(last.first, name, last.size + 1, last.node));
            } else {
                groups.add(new Group(name, name, 1, child));
            }
        });
        return groups;
    }

    private static boolean isNumber(String name) {
        return name.chars().allMatch(Character::isDigit);
    }

    private static final class Node {
        private final Map<String, Node> children = new LinkedHashMap<>();
        private long[] shape = {};
        private boolean leaf;
        private long parameters;

        void put(String[] path, int depth, long[] shape) {
            parameters += Arrays.stream(shape).reduce(1, Math::multiplyExact);
            if (depth == path.length) {
                this.shape = shape;
                leaf = true;
            } else {
                children.computeIfAbsent(path[depth], name -> new Node()).put(path, depth + 1, shape);
            }
        }

        boolean isLike(Node other) {
            return leaf == other.leaf
                    && Arrays.equals(shape, other.shape)
                    && List.copyOf(children.keySet()).equals(List.copyOf(other.children.keySet()))
                    && children.entrySet().stream()
                            .allMatch(child ->
                                    child.getValue().isLike(other.children.getOrDefault(child.getKey(), this)));
        }

        String description() {
            return leaf ? Arrays.toString(shape) : String.format(Locale.ROOT, "%,d", parameters);
        }
    }
}
