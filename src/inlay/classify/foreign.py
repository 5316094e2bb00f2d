"""What other libraries call the settings of a classifier, and what they are called here."""

from inlay.calls import Elsewhere

# What Keras, scikit-learn and others call the settings.
FOREIGN: Elsewhere = {
    **dict.fromkeys(("embeddings", "encoder", "table", "vectors", "weights"), "embedding="),
    **dict.fromkeys(("embedding_dim", "vector_size", "output_dim"), "dim="),
    **dict.fromkeys(("max_tokens", "max_features", "num_words", "vocab_size"), "max_size="),
    **dict.fromkeys(("min_freq", "min_df"), "min_count="),
    **dict.fromkeys(("iter", "max_iter", "n_epochs", "num_epochs"), "epochs="),
    **dict.fromkeys(("lr", "optimizer"), "learning_rate=, of Adam"),
    **dict.fromkeys(("wordNgrams", "ngrams", "ngram_range"), "word_ngrams=, of model='fasttext'"),
    **dict.fromkeys(("minn", "maxn"), "min_n= and max_n=, of model='fasttext'"),
    **dict.fromkeys(("thread", "n_jobs"), "workers=, of model='fasttext'"),
    "autotuneDuration": "autotune_seconds=, of model='fasttext'",
    "autotuneMetric": "autotune_metric=, of model='fasttext'",
    "autotuneValidationFile": "validation=(texts, labels), beside autotune_seconds=",
    "neg": "negative=, of model='fasttext'",
    **dict.fromkeys(("validation_split", "validation_data", "dev"), "validation="),
    **dict.fromkeys(
        ("n_classes", "num_classes", "num_labels"), "leave it out: fit sees the labels"
    ),
    **dict.fromkeys(("vocab", "vocabulary"), "leave it out: fit makes it of the texts"),
    **dict.fromkeys(("dropout", "filters", "kernel_sizes"), "model=, a function of your own"),
    "early_stopping": "patience=",
    "freeze": lambda value: f"trainable={not value}",
    "random_state": "seed=",
    "verbose": "progress=",
}
