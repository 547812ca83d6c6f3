package io.freshet.flink.source.split;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Distinct values with a number each, so that a value that is meant often is written once. */
public final class PlaceTable<T> {
    private final Map<T, Integer> places = new LinkedHashMap<>();

    public PlaceTable(Collection<? extends T> values) {
        for (T value : values) {
            places.putIfAbsent(value, places.size());
        }
    }

    /** The values in the order of their numbers. */
    public List<T> values() {
        return List.copyOf(places.keySet());
    }

    /** The number of a value, from 0. */
    public int placeOf(T value) {
        Integer place = places.get(value);
        if (place == null) {
            throw new IllegalArgumentException("Not in the table: " + value);
        }
        return place;
    }
}
