package io.freshet.flink.audit;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.java.typeutils.runtime.kryo.KryoSerializer;
import org.apache.flink.runtime.state.JavaSerializer;
import org.jspecify.annotations.Nullable;

/**
 * Looks for Kryo and Java serialization in types and serializers, and in those they are made of. Serializers have no common way to tell
 * their parts, so their fields are looked at.
 */
final class SerializerWalk {
    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    private SerializerWalk() {}

    /** What in a type would be written by Kryo, if that were allowed, in words. */
    static Optional<String> find(@Nullable TypeInformation<?> type) {
        if (type == null) {
            return Optional.empty();
        }
        String name = type.getTypeClass().getName();
        return find(type.createSerializer(new SerializerConfigImpl()))
                .map(found -> found.startsWith(name) ? found : found + " (a part of " + name + ")");
    }

    /** What in a serializer is Kryo or Java serialization, in words. */
    static Optional<String> find(@Nullable TypeSerializer<?> serializer) {
        return Optional.ofNullable(new SerializerWalk().inSerializer(serializer));
    }

    private @Nullable String inSerializer(@Nullable TypeSerializer<?> serializer) {
        if (serializer == null || !seen.add(serializer)) {
            return null;
        }
        if (serializer instanceof KryoSerializer) {
            return typeOf(serializer) + ", which Kryo would write";
        }
        if (serializer instanceof JavaSerializer) {
            return "something that Java serialization would write";
        }
        for (Class<?> type = serializer.getClass();
                type != null && type != TypeSerializer.class;
                type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                String found = inField(serializer, field);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private @Nullable String inField(Object owner, Field field) {
        if (Modifier.isStatic(field.getModifiers()) || field.getType().isPrimitive() || !field.trySetAccessible()) {
            return null;
        }
        try {
            return inValue(field.get(owner));
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(field + " was made accessible and is not", e);
        }
    }

    private @Nullable String inValue(@Nullable Object value) {
        if (value instanceof TypeSerializer<?> nested) {
            return inSerializer(nested);
        }
        if (value instanceof Map<?, ?> map) {
            return inValues(map.values());
        }
        if (value instanceof Collection<?> values) {
            return inValues(values);
        }
        if (value != null
                && value.getClass().isArray()
                && !value.getClass().getComponentType().isPrimitive()) {
            for (int i = 0; i < Array.getLength(value); i++) {
                String found = inValue(Array.get(value, i));
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    private @Nullable String inValues(Collection<?> values) {
        for (Object value : values) {
            String found = value instanceof TypeSerializer<?> nested ? inSerializer(nested) : null;
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    /** Kryo's serializer keeps its type to itself. */
    private static String typeOf(TypeSerializer<?> kryo) {
        try {
            Field type = KryoSerializer.class.getDeclaredField("type");
            return type.trySetAccessible() && type.get(kryo) instanceof Class<?> known ? known.getName() : "something";
        } catch (NoSuchFieldException | IllegalAccessException e) {
            return "something";
        }
    }
}
