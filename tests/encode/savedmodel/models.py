"""Small SavedModels, one of each kind that people have, and what they must give.

Most have a table of four words, a matrix of five rows (the last for other words) and a dense layer:
tanh of the sum of a text's rows, times the matrix of the layer.
"""

import shutil

import keras
import numpy as np
import tensorflow as tf

WORDS = ["a", "good", "bad", "film"]
TEXTS = ["a good film", "", "bad film other", "영화 😀", "film"]
LENGTH, SIZE = 6, 7  # of the Keras model: ids of a text, ids that it knows
v1 = tf.compat.v1


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


EMBEDDINGS, KERNEL = numbers(5, 4), numbers(4, 3, seed=1)


def expected(texts, embeddings=EMBEDDINGS, kernel=KERNEL):
    """What the models of strings give, by numpy."""
    rows = [[WORDS.index(w) if w in WORDS else 4 for w in text.split()] for text in texts]
    return np.tanh(np.array([embeddings[ids].sum(0) for ids in rows]) @ kernel)


def initializer(folder):
    path = folder / "words.txt"
    path.write_text("\n".join(WORDS))
    whole, line = tf.lookup.TextFileIndex.WHOLE_LINE, tf.lookup.TextFileIndex.LINE_NUMBER
    return tf.lookup.TextFileInitializer(str(path), tf.string, whole, tf.int64, line)


class Strings(tf.Module):
    """Its variables are where no attribute of the loaded object shows them."""

    def __init__(self, folder):
        super().__init__()
        self.table = tf.lookup.StaticVocabularyTable(initializer(folder), 1)
        self.hidden = {"embeddings": tf.Variable(EMBEDDINGS, name="embeddings")}
        self.kernel = tf.Variable(KERNEL, name="kernel")
        self.steps = tf.Variable(np.int64(7), trainable=False, name="steps")

    def vectors(self, texts):
        ids = self.table.lookup(tf.strings.split(texts))
        rows = tf.ragged.map_flat_values(tf.gather, self.hidden["embeddings"], ids)
        return tf.tanh(tf.reduce_sum(rows, 1) @ self.kernel)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        return self.vectors(texts)

    @tf.function(input_signature=[tf.TensorSpec([], tf.int64)])
    def count(self, n):
        return self.steps.assign_add(n)


class Outputs(Strings):
    """A dict, of which two are vectors."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        found = self.vectors(texts)
        return {"pooled": found, "scaled": {"twice": found * 2}, "tokens": found[:, None]}


class Ids(tf.Module):
    """Ids of any length; trained, it adds noise to the mean and counts its steps."""

    def __init__(self):
        super().__init__()
        self.embeddings = tf.Variable(EMBEDDINGS, name="embeddings")
        self.steps = tf.Variable(0.0, trainable=False, name="steps")

    @tf.function
    def __call__(self, ids, scale=1.0, training=False):
        found = tf.reduce_mean(tf.gather(self.embeddings, ids), 1) * scale
        if training:
            self.steps.assign_add(1.0)
            found += 100.0
        return found


class Tokens(tf.Module):
    """Nothing but vectors of tokens, and scores that are no vectors."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts):
        return {"tokens": tf.zeros([tf.size(texts), 2, 3]), "ids": tf.zeros([2, 2], tf.int32)}


def save_strings(folder):
    model = Strings(folder.parent)
    tf.saved_model.save(model, str(folder), signatures=model.__call__)


def save_outputs(folder):
    tf.saved_model.save(Outputs(folder.parent), str(folder))


def save_ids(folder):
    model, ids = Ids(), tf.TensorSpec([None, None], tf.int32)
    for training in (True, False):
        model.__call__.get_concrete_function(ids, training=training)
        model.__call__.get_concrete_function(ids, tf.TensorSpec([], tf.float32), training=training)
    tf.saved_model.save(model, str(folder))


def save_tokens(folder):
    tf.saved_model.save(Tokens(), str(folder))


def save_keras(folder):
    keras_model().export(str(folder), verbose=False)


def keras_model():
    """Ids of a fixed length, a batch normalisation, dropout."""
    ids = keras.Input((LENGTH,), dtype="int32")
    x = keras.layers.Embedding(SIZE, 4)(ids)
    x = keras.layers.GlobalAveragePooling1D()(x)
    x = keras.layers.BatchNormalization()(keras.layers.Dropout(0.5)(x))
    return keras.Model(ids, keras.layers.Dense(3)(x))


def save_hub(folder):
    """As modules of TF Hub were in 2018: two graphs, a matrix in two parts, old variables."""
    builder = v1.saved_model.builder.SavedModelBuilder(str(folder))
    for tags in ([], ["train"]):
        with tf.Graph().as_default(), v1.Session() as session:
            texts = v1.placeholder(tf.string, [None])
            table = tf.lookup.StaticVocabularyTable(initializer(folder.parent), 1)
            with v1.variable_scope("module", use_resource=False):
                parts = v1.fixed_size_partitioner(2)
                embeddings = v1.get_variable("embeddings", [5, 4], partitioner=parts)
                kernel = v1.get_variable("kernel", [4, 3])
            words = v1.string_split(texts)
            ids = tf.SparseTensor(words.indices, table.lookup(words.values), words.dense_shape)
            rows = v1.nn.embedding_lookup_sparse(embeddings, ids, None, "div", combiner="sum")
            rows = tf.pad(rows, [[0, tf.size(texts) - tf.shape(rows)[0]], [0, 0]])
            vectors = tf.tanh(tf.matmul(rows, kernel))
            session.run([v1.global_variables_initializer(), v1.tables_initializer()])
            arrays = [EMBEDDINGS[:3], EMBEDDINGS[3:], KERNEL]
            for variable, array in zip(v1.global_variables(), arrays, strict=True):
                variable.load(array, session)
            signature = v1.saved_model.predict_signature_def(
                {"text": texts}, {"default": vectors, "twice": vectors * 2}
            )
            more = {
                "signature_def_map": {"default": signature},
                "main_op": v1.tables_initializer(),
                "assets_collection": v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
            }
            if tags:
                builder.add_meta_graph(tags, **more)
            else:
                builder.add_meta_graph_and_variables(session, tags, **more)
    builder.save()


def changed(folder, target, old, new):
    """A copy of a SavedModel in which some bytes of the graph are others, as many."""
    shutil.copytree(folder, target)
    graph = target / "saved_model.pb"
    content = graph.read_bytes()
    assert old in content
    assert len(old) == len(new)
    graph.write_bytes(content.replace(old, new))
    return target
