"""Other libraries' names for what is called otherwise here: whoever tries one is told ours."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from inlay.errors import UnknownNameError

# gensim's, fastText's, torchtext's and PyTorch's.
OF_TABLES = {
    "load_word2vec_format": "inlay.load(path)",
    "from_pretrained": "inlay.load(path)",
    "from_file": "inlay.load(path)",
    "from_dict": "Table(list(d), np.array(list(d.values()), 'float32'))",
    "from_arrays": "Table(tokens, matrix)",
    "wv": "the table itself",
    "get": "table[token] if token in table else None",
    "has_index_for": "token in table",
    "distance": "1 - table.similarity(token, token2)",
    "n_similarity": "table.most_similar(tokens)",
    "get_normed_vectors": "table.vectors, for most_similar takes cosines by itself",
    "init_sims": "table.most_similar(token), which makes the norms by itself",
    "fill_norms": "table.most_similar(token), which makes the norms by itself",
    "add_vectors": "Table(tokens, matrix), for a table never changes",
    "save_word2vec_format": "table.save(path), with format='word2vec' for text or a path in .bin",
    "to_numpy": "table.vectors",
    "to_torch": "inlay.to_torch(table)",
    "to_keras": "inlay.to_keras(table)",
    "to_jax": "inlay.to_jax(table)",
    "to_tensorflow": "inlay.to_tensorflow(table)",
    "get_keras_embedding": "inlay.to_keras(table)",
    **dict.fromkeys(("vocab", "vocabulary"), "table.key_to_index"),
    "layer1_size": "table.dim",
    "index2word": "table.index_to_key",
    "get_index": "table.find(token)",
    "get_vector": "table[token]",
    "word_vec": "table[token]",
    "get_vecs_by_tokens": "table[tokens]",
    "get_mean_vector": "table.mean(tokens)",
    "similar": "table.most_similar(token)",
    "words": "table.tokens",
    **dict.fromkeys(
        ("to_pandas", "to_dataframe", "to_df"),
        "pandas.DataFrame(table.vectors, table.tokens.tolist())",
    ),
    **dict.fromkeys(("oov", "missing", "unknown"), "table.align(vocab).coverage.misses"),
    "similar_by_word": "table.most_similar(token)",
    "similar_by_vector": "table.most_similar(vector)",
    "syn0": "table.vectors",
    "get_word_vector": "table[token]",
    "get_word_id": "table.find(token)",
    "get_words": "table.tokens",
    "get_dimension": "table.dim",
    "get_nearest_neighbors": "table.most_similar(token)",
    "get_labels": "inlay.load(path, name='output').tokens",
    "get_output_matrix": "inlay.load(path, name='output').matrix",
    "get_input_matrix": "table.vectors",
    **dict.fromkeys(
        ("get_subwords", "get_subword_id", "get_input_vector"),
        "table[token], which is composed of its n-grams where there are such",
    ),
    "get_line": "inlay.tokenizers.get_tokenizer('fasttext')(text)",
    "get_sentence_vector": "table.mean(tokens)",
    "get_analogies": "table.most_similar(tokens, [token])",
    "is_quantized": "table.stored_dtype, for what the numbers are stored as",
    **dict.fromkeys(
        ("get_meter", "predict", "test", "test_label", "get_label_id", "quantize"),
        "inlay.TextClassifier.load(path), for a model that gives labels",
    ),
    "save_model": "table.save(path)",
    "load_model": "inlay.load(path)",
    # Of what gensim's models have beside their vectors.
    **dict.fromkeys(
        ("train", "build_vocab", "intersect_word2vec_format"),
        "inlay.train.word2vec(corpus, start=table)",
    ),
    "infer_vector": "inlay.train.doc2vec(texts).encode([text])",
    **dict.fromkeys(("dv", "docvecs"), "inlay.train.doc2vec(texts).documents"),
    **dict.fromkeys(
        ("syn1", "syn1neg", "trainables", "context", "contexts", "predict_output_word"),
        "table.parts, which has context vectors as 'context'",
    ),
    **dict.fromkeys(
        (
            *("window", "epochs", "alpha", "min_count", "negative", "sg", "min_n", "max_n"),
            *("bucket", "corpus_count", "corpus_total_words", "total_train_time"),
            *("get_latest_training_loss", "running_training_loss", "loss"),
        ),
        "table.provenance, which says how it was trained",
    ),
    **dict.fromkeys(("get_vecattr", "expandos"), "table.counts, for how often each token was seen"),
    **dict.fromkeys(
        ("similar_by_key", "most_similar_cosmul", "most_similar_by_vector"),
        "table.most_similar(token)",
    ),
    **dict.fromkeys(("distances", "cosine_similarities"), "table.most_similar(token, topn=None)"),
    **dict.fromkeys(
        ("doesnt_match", "closer_than", "rank", "most_similar_to_given", "wmdistance"),
        "KeyedVectors(table), which has it, from inlay.compat.gensim.models",
    ),
    "evaluate_word_pairs": "inlay.evaluate.word_pairs(table, path)",
    **dict.fromkeys(
        ("evaluate_word_analogies", "accuracy"), "inlay.evaluate.analogies(table, path)"
    ),
    **dict.fromkeys(("unit_normalize_all", "vectors_norm"), "inlay.train.refine.normalize(table)"),
    "word_vectors": "table.vectors",  # of the package glove_python, as is the next
    "dictionary": "table.key_to_index",
    "weight": "table.vectors, or inlay.to_torch(table).weight",
    "numpy": "table.vectors",
    "embedding_dim": "table.dim",
}
# torchtext's, Keras', Hugging Face's and scikit-learn's.
OF_VOCABULARIES = {
    "from_list": "Vocabulary(tokens)",
    "from_tokens": "Vocabulary(tokens)",
    "from_dict": "Vocabulary.from_mapping(mapping)",
    "from_file": "Vocabulary.load(path)",
    "from_pretrained": "Vocabulary.load(path)",
    "from_iterator": "Vocabulary.from_texts(texts)",
    "build_vocab_from_iterator": "Vocabulary.from_texts(texts)",
    "get_stoi": "vocab.stoi",
    "get": "vocab[token]",
    "keys": "vocab.tokens",
    "items": "vocab.stoi.items()",
    "to_dict": "vocab.stoi",
    "lookup_token": "vocab.tokens[id]",
    "add": "Vocabulary(tokens), for a vocabulary never changes",
    "append": "Vocabulary(tokens), for a vocabulary never changes",
    "update": "Vocabulary(tokens), for a vocabulary never changes",
    "append_token": "Vocabulary(tokens), for a vocabulary never changes",
    "pad_token": "vocab.pad",
    "unk_token": "vocab.unk",
    "pad_token_id": "vocab.pad_id",
    "unk_token_id": "vocab.unk_id",
    "build_vocab": "Vocabulary.from_texts(texts)",
    "get_vocab": "vocab.stoi",
    "word_index": "vocab.stoi",
    "vocabulary_": "vocab.stoi",
    "get_itos": "vocab.itos",
    "get_vocabulary": "vocab.tokens.tolist()",
    "token_to_id": "vocab[token]",
    "id_to_token": "vocab.tokens[id]",
    "lookup_indices": "vocab.encode([tokens])",
    "lookup_tokens": "vocab.decode(ids)",
    "convert_tokens_to_ids": "vocab.encode([tokens])",
    "convert_ids_to_tokens": "vocab.decode(ids)",
    "texts_to_sequences": "vocab.encode(texts)",
    "sequences_to_texts": "vocab.decode(ids)",
    "fit_on_texts": "Vocabulary.from_texts(texts)",
    "set_default_index": "Vocabulary.from_texts(texts, unk='<unk>')",
}
# Keras', scikit-learn's and fastText's, of a classifier.
MEASURES = "classifier.predict(texts), for scikit-learn's measures, or inlay classify test"
OF_CLASSIFIERS = {
    **dict.fromkeys(("classes", "labels"), "classifier.classes_"),
    **dict.fromkeys(("history", "log"), "classifier.history_, once it is fitted"),
    **dict.fromkeys(("vocab", "vocabulary"), "classifier.vocabulary_, once it is fitted"),
    **dict.fromkeys(("lr", "wordNgrams"), "classifier.get_params(), which has all settings"),
    "coverage": "classifier.coverage_, once it is fitted",
    "evaluate": "classifier.score(texts, labels)",
    "test": "classifier.score(texts, labels), or inlay classify test for precision and recall",
    **dict.fromkeys(("test_label", "f1", "get_f1", "precision", "recall"), MEASURES),
    **dict.fromkeys(
        ("train", "train_supervised"), "TextClassifier(model='fasttext').fit(texts, labels)"
    ),
    **dict.fromkeys(("words", "get_words"), "classifier.vocabulary_.tokens"),
    **dict.fromkeys(("predict_prob", "predict_probabilities"), "classifier.predict_proba(texts)"),
    "get_meter": MEASURES,
    "get_line": "TextClassifier(tokenizer=...), which splits texts",
    "is_quantized": "classifier.save(path), in .ftz, which takes only what is quantised",
    **dict.fromkeys(
        ("get_word_vector", "get_subwords", "get_subword_id", "get_input_vector"),
        "classifier.table_[word]",
    ),
    "get_word_id": "classifier.vocabulary_[word]",
    "get_label_id": "classifier.classes_.tolist().index(label)",
    "get_sentence_vector": "classifier.table_.mean(words)",
    "get_nearest_neighbors": "classifier.table_.most_similar(word)",
    "get_analogies": "classifier.table_.most_similar([b, c], [a])",
    "get_input_matrix": "classifier.table_.vectors, of the words",
    "get_output_matrix": "classifier.save('m.bin'), and inlay.load('m.bin', name='output').matrix",
    "get_dimension": "classifier.table_.dim",
    "quantise": "classifier.quantize()",
    "get_labels": "classifier.classes_",
    "compile": "TextClassifier(learning_rate=...)",
    "predict_classes": "classifier.predict(texts)",
    "predict_log_proba": "numpy.log(classifier.predict_proba(texts))",
    "fit_predict": "classifier.fit(texts, labels).predict(others)",
    "save_model": "classifier.save(path)",
    "load_model": "TextClassifier.load(path)",
    "load_weights": "TextClassifier.load(path)",
    "save_weights": "classifier.save(path)",
    "from_pretrained": "TextClassifier.load(path)",
}
# Arguments of what makes a vocabulary of texts.
OF_COUNTING = {
    **dict.fromkeys(("max_tokens", "max_features", "num_words", "vocab_size"), "max_size="),
    **dict.fromkeys(("min_freq", "min_frequency", "min_df"), "min_count="),
    **dict.fromkeys(
        ("specials", "special_tokens", "special_first"), "pad=, unk=, pad_id=, unk_id="
    ),
    **dict.fromkeys(("oov_token", "unk_token"), "unk="),
    **dict.fromkeys(("lower", "lowercase", "do_lower_case"), "tokenizer='lower'"),
    **dict.fromkeys(("analyzer", "standardize", "split", "tokenize"), "tokenizer="),
    "pad_token": "pad=",
}
# The same where the tokens are given, and nothing is counted.
OF_TOKENS = (
    OF_COUNTING
    | dict.fromkeys(
        ("max_size", "max_tokens", "max_features", "num_words", "vocab_size"),
        "Vocabulary.from_texts(texts, max_size=...)",
    )
    | dict.fromkeys(
        ("min_count", "min_freq", "min_frequency", "min_df"),
        "Vocabulary.from_texts(texts, min_count=...)",
    )
)
# Arguments of `encode`.
OF_ENCODING = {
    **dict.fromkeys(("maxlen", "max_len", "output_sequence_length"), "max_length="),
    **dict.fromkeys(("truncation", "truncating"), "max_length=, and truncate='start' or 'end'"),
    "padding": "pad_side='start' or 'end': shorter texts are always padded",
    "return_tensors": "torch.from_numpy(ids)",
    "add_special_tokens": "leave it out: only the tokens of the texts have ids",
}
# What every vocabulary has and one without tokens cannot have.
OF_HASHES = {
    "decode": "Vocabulary.from_texts(texts), whose ids can be turned back into tokens",
    "tokens": "Vocabulary.from_texts(texts), which has tokens",
    "itos": "Vocabulary.from_texts(texts), which has tokens",
    "stoi": "vocab[token], for any token has an id",
    "save": "HashingVocabulary(vocab_size), which makes the same ids in any process",
}
# Keras', scikit-learn's and our own, of what turns texts into ids.
OF_TEXT_TO_IDS = {
    **dict.fromkeys(("encode", "transform", "texts_to_sequences"), "to_ids(texts)"),
    **dict.fromkeys(("adapt", "fit"), "TextToIds(Vocabulary.from_texts(texts))"),
    **dict.fromkeys(("get_vocabulary", "tokens", "vocabulary"), "to_ids.vocab"),
    "decode": "to_ids.vocab.decode(ids)",
    "to_keras": "inlay.layers.keras.text.TextLayer(to_ids)",
    "to_tensorflow": "inlay.layers.tensorflow.text.TextModule(to_ids)",
    **dict.fromkeys(("to_torch", "to_jax"), "to_ids(texts), whose ids any framework takes"),
}


class _Kind(type):
    """Of the classes themselves: whoever looks for a way to make one is told ours."""

    if not TYPE_CHECKING:  # a type checker would take any name for one of ours

        def __getattr__(cls, name: str) -> Any:
            raise _told(cls, cls, name, f"type object {cls.__name__!r}")


class Elsewhere(metaclass=_Kind):
    """Says where to find what an object, or its class, has under another name."""

    _elsewhere: ClassVar[Mapping[str, str]] = {}

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise _told(self, type(self), name, f"{type(self).__name__!r} object")


def _told(thing: Any, kind: Any, name: str, said: str) -> AttributeError:
    if name not in kind._elsewhere:
        return AttributeError(f"{said} has no attribute {name!r}", name=name, obj=thing)
    expected = f"a name that a {kind.__name__} has"
    where, hint = f"{kind.__name__}.{name}", kind._elsewhere[name]
    return UnknownNameError(where, expected=expected, got=repr(name), hint=hint)
