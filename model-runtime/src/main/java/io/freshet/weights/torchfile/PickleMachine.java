package io.freshet.weights.torchfile;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Interprets a pickle of protocols 0 to 5 and runs nothing: instructions that name something look it up in {@link KnownNames}, and
 * those that call make the plain value that is known to come of it.
 *
 * <p>The instructions are described in CPython's {@code pickletools}. Each takes at least one byte, so that time is bounded by the
 * length of the pickle; a {@link Budget} bounds memory.
 */
final class PickleMachine {
    /** How much more memory a container takes than a number. */
    private static final int OBJECT_COST = 4;

    private static final int MAX_INTEGER_BYTES = 256;
    private static final int MAX_INTEGER_DIGITS = 600;

    private final PickleInput in;
    private final TorchStorage.Directory storages;
    private final Budget budget = new Budget();
    private final List<@Nullable Object> stack = new ArrayList<>();
    private final List<Integer> marks = new ArrayList<>();
    private final Map<Integer, @Nullable Object> memo = new HashMap<>();

    private PickleMachine(PickleInput in, TorchStorage.Directory storages) {
        this.in = in;
        this.storages = storages;
    }

    /**
     * Reads one pickle, up to and with its end.
     *
     * @return as {@link PlainValues} describes
     * @throws TorchFileException if it is damaged, names what is not known, or is too large
     */
    static @Nullable Object load(PickleInput in, TorchStorage.Directory storages) throws TorchFileException {
        return new PickleMachine(in, storages).run();
    }

    private @Nullable Object run() throws TorchFileException {
        while (true) {
            int at = in.position();
            int instruction = in.u8();
            try {
                if (instruction == '.') {
                    return PlainValues.of(pop());
                }
                scalar(instruction);
            } catch (RefusedException e) {
                throw in.refused(at, e.what());
            }
        }
    }

    private void scalar(int instruction) throws TorchFileException, RefusedException {
        switch (instruction) {
            case 'N' -> push(null);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'J' -> push((long) in.i32());
            case 'K' -> push((long) in.u8());
            case 'M' -> push((long) in.u16());
            case 'I' -> push(integerOrBoolean(in.line()));
            case 'L' -> push(integer(in.line().replaceFirst("L$", "")));
            case 0x8a -> push(integer(in.u8()));
            case 0x8b -> push(integer(in.i32()));
            case 'F' -> push(decimal(in.line()));
            case 'G' -> push(in.f64());
            case 'S' -> push(PickleText.quoted(in.latinLine()));
            case 'V' -> push(PickleText.escaped(in.latinLine()));
            case 'U', 0x8c -> push(in.utf8(in.u8()));
            case 'T' -> push(in.utf8(in.i32()));
            case 'X' -> push(in.utf8(in.u32()));
            case 0x8d -> push(in.utf8(in.i64()));
            case 'C' -> push(in.bytes(in.u8()));
            case 'B' -> push(in.bytes(in.u32()));
            case 0x8e, 0x96 -> push(in.bytes(in.i64()));
            default -> container(instruction);
        }
    }

    private void container(int instruction) throws TorchFileException, RefusedException {
        switch (instruction) {
            case '(' -> {
                budget.spend(1);
                marks.add(stack.size());
            }
            case ')' -> push(Tuple.EMPTY);
            case 't' -> pushObject(new Tuple(popToMark()));
            case 0x85 -> pushObject(new Tuple(pop(1)));
            case 0x86 -> pushObject(new Tuple(pop(2)));
            case 0x87 -> pushObject(new Tuple(pop(3)));
            case ']' -> pushObject(new ArrayList<>());
            case 'l' -> pushObject(popToMark());
            case 'a' -> append(pop(1));
            case 'e' -> append(popToMark());
            case '}' -> pushObject(new LinkedHashMap<>());
            case 'd' -> {
                List<@Nullable Object> items = popToMark();
                pushObject(new LinkedHashMap<>());
                setItems(items);
            }
            case 's' -> setItems(pop(2));
            case 'u' -> setItems(popToMark());
            case 0x8f -> pushObject(new LinkedHashSet<>());
            case 0x90 -> addAll(popToMark());
            case 0x91 -> {
                List<@Nullable Object> items = popToMark();
                pushObject(new LinkedHashSet<>());
                addAll(items);
            }
            default -> stackAndMemo(instruction);
        }
    }

    private void stackAndMemo(int instruction) throws TorchFileException, RefusedException {
        switch (instruction) {
            case '0' -> {
                if (stack.size() == fence() && !marks.isEmpty()) {
                    marks.remove(marks.size() - 1);
                } else {
                    pop();
                }
            }
            case '1' -> popToMark();
            case '2' -> push(top());
            case 'p' -> keep(index(in.line()));
            case 'q' -> keep(in.u8());
            case 'r' -> keep(in.i32());
            case 0x94 -> keep(memo.size());
            case 'g' -> push(remembered(index(in.line())));
            case 'h' -> push(remembered(in.u8()));
            case 'j' -> push(remembered(in.i32()));
            case 0x80 -> {
                int protocol = in.u8();
                if (protocol > 5) {
                    throw new RefusedException("its protocol is " + protocol + ", at most 5 is known");
                }
            }
            case 0x95 -> {
                long frame = in.i64(); // a hint for reading ahead
                if (frame < 0) {
                    throw new RefusedException("a frame has " + frame + " bytes");
                }
            }
            default -> object(instruction);
        }
    }

    private void object(int instruction) throws TorchFileException, RefusedException {
        switch (instruction) {
            case 'c' -> {
                String module = in.line();
                push(KnownNames.find(module, in.line()));
            }
            case 0x93 -> {
                List<@Nullable Object> name = pop(2);
                push(KnownNames.find(
                        KnownNames.argument("a name", name, 0, String.class),
                        KnownNames.argument("a name", name, 1, String.class)));
            }
            case 'R', 0x81 -> {
                Object arguments = pop();
                call(pop(), arguments);
            }
            case 0x92 -> {
                if (!(pop() instanceof Map<?, ?> keywords) || !keywords.isEmpty()) {
                    throw new RefusedException("an object is made with arguments by keyword, expected none");
                }
                Object arguments = pop();
                call(pop(), arguments);
            }
            case 'i' -> {
                String module = in.line();
                KnownName name = KnownNames.find(module, in.line());
                call(name, new Tuple(popToMark()));
            }
            case 'o' -> {
                List<@Nullable Object> items = popToMark();
                if (items.isEmpty()) {
                    throw new RefusedException("an object is made of no class");
                }
                call(items.get(0), new Tuple(items.subList(1, items.size())));
            }
            case 'b' -> build(pop());
            case 'Q' -> push(TorchStorage.of(pop(), storages));
            case 'P' ->
                throw new RefusedException("refused the persistent id '" + in.line() + "': only storages have them");
            default ->
                throw new RefusedException(String.format(
                        "0x%02x is no instruction that is known: it is damaged or no pickle", instruction));
        }
    }

    private void call(@Nullable Object function, @Nullable Object arguments) throws RefusedException {
        if (!(function instanceof KnownName name)) {
            throw new RefusedException("refused to call " + PlainValues.describe(function) + ", which is no function");
        } else if (!(arguments instanceof Tuple tuple)) {
            throw new RefusedException(
                    "'" + name.name() + "' is called with " + PlainValues.describe(arguments) + ", expected a tuple");
        } else {
            pushObject(name.call(tuple.items(), budget));
        }
    }

    /** Attributes of dictionaries, such as a state dict's {@code _metadata}, are left aside. */
    private void build(@Nullable Object state) throws RefusedException {
        Object object = top();
        if (object instanceof Buildable buildable) {
            buildable.build(state, budget);
        } else if (!(object instanceof Map)) {
            throw new RefusedException("refused to give a state to " + PlainValues.describe(object));
        }
    }

    @SuppressWarnings("unchecked") // all lists of this machine hold any objects
    private void append(List<@Nullable Object> items) throws RefusedException {
        if (!(top() instanceof ArrayList<?> list)) {
            throw new RefusedException("something is appended to " + PlainValues.describe(top()));
        }
        ((ArrayList<@Nullable Object>) list).addAll(items);
    }

    @SuppressWarnings("unchecked") // all maps of this machine hold any objects
    private void setItems(List<@Nullable Object> items) throws RefusedException {
        if (!(top() instanceof LinkedHashMap<?, ?> map)) {
            throw new RefusedException("an entry is set in " + PlainValues.describe(top()));
        } else if (items.size() % 2 != 0) {
            throw new RefusedException("a dictionary's entries are " + items.size() + " values, expected pairs");
        }
        for (int i = 0; i < items.size(); i += 2) {
            ((Map<@Nullable Object, @Nullable Object>) map)
                    .put(PlainValues.key(items.get(i), budget), items.get(i + 1));
        }
    }

    @SuppressWarnings("unchecked") // all sets of this machine hold any objects
    private void addAll(List<@Nullable Object> items) throws RefusedException {
        if (!(top() instanceof LinkedHashSet<?> set)) {
            throw new RefusedException("an element is added to " + PlainValues.describe(top()));
        }
        for (Object item : items) {
            ((Set<@Nullable Object>) set).add(PlainValues.key(item, budget));
        }
    }

    private void push(@Nullable Object value) throws RefusedException {
        budget.spend(1);
        stack.add(value);
    }

    private void pushObject(@Nullable Object value) throws RefusedException {
        budget.spend(OBJECT_COST);
        push(value);
    }

    private void keep(int index) throws RefusedException {
        budget.spend(1);
        memo.put(index, top());
    }

    private int fence() {
        return marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
    }

    private @Nullable Object top() throws RefusedException {
        if (stack.size() <= fence()) {
            throw new RefusedException("a value is wanted where there is none: it is damaged");
        }
        return stack.get(stack.size() - 1);
    }

    private @Nullable Object pop() throws RefusedException {
        Object top = top();
        stack.remove(stack.size() - 1);
        return top;
    }

    private List<@Nullable Object> pop(int count) throws RefusedException {
        List<@Nullable Object> items = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            items.add(pop());
        }
        Collections.reverse(items);
        return items;
    }

    private List<@Nullable Object> popToMark() throws RefusedException {
        if (marks.isEmpty()) {
            throw new RefusedException("there is no mark to go back to: it is damaged");
        }
        List<@Nullable Object> items = stack.subList(marks.remove(marks.size() - 1), stack.size());
        List<@Nullable Object> copy = new ArrayList<>(items);
        items.clear();
        return copy;
    }

    private @Nullable Object remembered(int index) throws RefusedException {
        Object value = memo.get(index);
        if (value == null && !memo.containsKey(index)) {
            throw new RefusedException("value " + (index & 0xffff_ffffL) + " is called for, but was not kept before");
        }
        return value;
    }

    private static int index(String line) throws RefusedException {
        try {
            return Integer.parseUnsignedInt(line);
        } catch (NumberFormatException e) {
            throw new RefusedException(PlainValues.describe(line) + " is no index");
        }
    }

    private Object integer(int bytes) throws TorchFileException, RefusedException {
        if (bytes < 0 || bytes > MAX_INTEGER_BYTES) {
            throw new RefusedException(
                    "an integer has " + bytes + " bytes, at most " + MAX_INTEGER_BYTES + " are allowed");
        }
        byte[] littleEndian = in.array(bytes);
        byte[] bigEndian = new byte[Math.max(1, bytes)];
        for (int i = 0; i < bytes; i++) {
            bigEndian[bytes - 1 - i] = littleEndian[i];
        }
        return longIfPossible(new BigInteger(bigEndian));
    }

    private static Object integerOrBoolean(String line) throws RefusedException {
        return switch (line) {
            case "00" -> false;
            case "01" -> true;
            default -> integer(line);
        };
    }

    private static Object integer(String digits) throws RefusedException {
        try {
            if (digits.length() <= MAX_INTEGER_DIGITS) {
                return longIfPossible(new BigInteger(digits));
            }
        } catch (NumberFormatException e) {
            throw new RefusedException(PlainValues.describe(digits) + " is no integer");
        }
        throw new RefusedException(
                "an integer has " + digits.length() + " digits, at most " + MAX_INTEGER_DIGITS + " are allowed");
    }

    private static Object longIfPossible(BigInteger integer) {
        return integer.bitLength() < Long.SIZE ? (Object) integer.longValue() : integer;
    }

    private static Object decimal(String line) throws RefusedException {
        try {
            return switch (line) {
                case "nan", "-nan" -> Double.NaN;
                case "inf" -> Double.POSITIVE_INFINITY;
                case "-inf" -> Double.NEGATIVE_INFINITY;
                default -> Double.parseDouble(line);
            };
        } catch (NumberFormatException e) {
            throw new RefusedException(PlainValues.describe(line) + " is no number");
        }
    }
}
