"""What gensim, the original programs and others call the arguments that trainers have here."""

from inlay.calls import Elsewhere


def foreign(trainer: str, more: Elsewhere) -> Elsewhere:
    """Their words for what all trainers of vectors have, and `more`, which comes first."""
    return {
        **dict.fromkeys(("sentences", "corpus_file", "texts"), f"{trainer}(corpus): {FIRST}"),
        **COMMON,
        **more,
    }


FIRST = "first and unnamed"
COMMON: Elsewhere = {
    **dict.fromkeys(("size", "dim", "embedding_dim", "vector_dim"), "vector_size="),
    **dict.fromkeys(("iter", "n_epochs", "num_epochs"), "epochs="),
    **dict.fromkeys(("lr", "learning_rate", "start_alpha"), "alpha=, and min_alpha= at the end"),
    **dict.fromkeys(("vocab_size", "max_vocab_size", "max_final_vocab"), "max_size="),
    **dict.fromkeys(("min_freq", "trim_rule"), "min_count= and max_size="),
    **dict.fromkeys(("ws", "window_size"), "window="),
    "verbose": "progress=",
    **dict.fromkeys(("checkpoint", "checkpoints", "save_dir"), "folder="),
    **dict.fromkeys(("callback", "on_epoch_end"), "callbacks=[...]"),
    **dict.fromkeys(("thread", "threads", "num_threads", "n_jobs"), "workers="),
    **dict.fromkeys(("random_state", "hashfxn"), "seed="),
    **dict.fromkeys(("pretrained", "pretrained_vectors", "weights"), "start=inlay.load(path)"),
    **dict.fromkeys(("lower", "lowercase", "do_lower_case"), "tokenizer='lower'"),
    **dict.fromkeys(("dm", "dbow_words", "documents"), "inlay.train.doc2vec(texts), for texts"),
    **dict.fromkeys(("output", "save_path", "model_path"), "leave it out, and save what it gives"),
    **dict.fromkeys(
        ("batch_size", "batch_words", "sorted_vocab", "null_word", "comment"),
        "leave it out: it would change nothing of the result",
    ),
    **dict.fromkeys(("device", "gpu", "use_gpu", "cuda"), "leave it out: threads train, workers="),
    "compute_loss": "leave it out: the loss of each epoch is in the provenance",
}
