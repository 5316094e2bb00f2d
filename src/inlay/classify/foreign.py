"""What other libraries call the settings of a classifier, and what they are called here."""

from inlay.calls import UNNAMED, Elsewhere

# What Keras, scikit-learn and others call the settings.
FOREIGN: Elsewhere = {
    **dict.fromkeys(("embeddings", "encoder", "table", "vectors", "weights"), "embedding="),
    **dict.fromkeys(("embedding_dim", "vector_size", "output_dim"), "dim="),
    **dict.fromkeys(("max_tokens", "max_features", "num_words", "vocab_size"), "max_size="),
    **dict.fromkeys(("min_freq", "min_df"), "min_count="),
    **dict.fromkeys(("iter", "max_iter", "n_epochs", "num_epochs"), "epochs="),
    "lr": "learning_rate=",
    "optimizer": "learning_rate=, of Adam",
    **dict.fromkeys(("wordNgrams", "ngrams", "ngram_range"), "word_ngrams=, of model='fasttext'"),
    **dict.fromkeys(("minn", "maxn"), "min_n= and max_n=, of model='fasttext'"),
    **dict.fromkeys(("thread", "n_jobs"), "workers=, of model='fasttext'"),
    "autotuneDuration": "autotune_seconds=, of model='fasttext'",
    "autotuneMetric": "autotune_metric=, of model='fasttext'",
    "autotuneValidationFile": "validation=(texts, labels), beside autotune_seconds=",
    "autotunePredictions": "leave it out: trials are judged by the most probable class",
    "autotuneModelSize": "classifier.quantize(), once it is fitted",
    "deterministic": "workers=1, which gives the same numbers every time",
    "input": "fit(*inlay.read_labelled(path)), where texts and labels are in a file",
    **dict.fromkeys(("label", "label_prefix"), "leave it out: labels are given to fit as they are"),
    "lrUpdateRate": "leave it out: the learning rate falls at each text",
    "minCountLabel": "leave it out: all labels are learned",
    "neg": "negative=, of model='fasttext'",
    **dict.fromkeys(("pretrainedVectors", "pretrained_vectors"), "embedding="),
    "t": "leave it out: no word of a text is left out by chance",
    "ws": "leave it out: all words of a text count alike",
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

FROM_FILE = "(*inlay.read_labelled(path)), where texts and labels are in a file"
OF_FIT: Elsewhere = {
    **dict.fromkeys(("epochs", "batch_size"), "TextClassifier(epochs=..., batch_size=...)"),
    **dict.fromkeys(("validation_data", "validation_split"), "TextClassifier(validation=...)"),
    **dict.fromkeys(("lr", "learning_rate"), "TextClassifier(learning_rate=...)"),
    "y": "labels=",
    **dict.fromkeys(("labels", "input"), f"fit{FROM_FILE}"),
}
OF_SCORE: Elsewhere = {
    "labels": f"score{FROM_FILE}",
    "k": "inlay classify test, for precision and recall at k",
    "y": "labels=",
}
TOP = "predict_top(texts, k=..., threshold=...)"
OF_PREDICT: Elsewhere = dict.fromkeys(("k", "threshold", UNNAMED), TOP)
OF_TOP: Elsewhere = dict.fromkeys(("n", "top", "top_k", "topn"), "k=")
NOT_TRAINED = "leave it out: nothing is trained again"
OF_QUANTIZE: Elsewhere = {
    **dict.fromkeys(("input", "retrain", "epoch", "lr", "thread", UNNAMED), NOT_TRAINED),
    "qout": "leave it out: the vectors of labels stay as they are",
}
