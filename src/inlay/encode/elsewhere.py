"""What other libraries call what encoders take, and what to write in its place."""

from typing import Any

from inlay.calls import Elsewhere
from inlay.errors import ImmutableError, UnknownNameError

LENGTH = "load_encoder(path, max_length=...)"
TOKENIZER = "load_encoder(path, tokenizer=...)"
ENGINE = "load_encoder(path, engine=...), on the CPU; or inlay.to_torch(encoder).to(device)"
PROMPT = "inlay.encode.transformer.Transformer.load(path, prompt=...)"
NUMPY = "leave it out: vectors are NumPy's; torch.from_numpy(vectors) shares their memory"

# Of what turns texts into vectors.
OF_TEXTS: Elsewhere = {
    **dict.fromkeys(("sentences", "inputs", "input", "X", "documents"), "texts, first and unnamed"),
    **dict.fromkeys(("pooling", "pooling_mode", "mode"), "pool="),
    **dict.fromkeys(("norm", "normalise", "normalize_embeddings"), "normalize="),
    **dict.fromkeys(("verbose", "show_progress_bar", "show_progress"), "progress="),
    **dict.fromkeys(("convert_to_tensor", "convert_to_numpy", "output", "dtype"), NUMPY),
    **dict.fromkeys(("max_length", "max_seq_length", "truncation", "max_len", "maxlen"), LENGTH),
    **dict.fromkeys(("tokenizer", "analyzer", "lowercase"), TOKENIZER),
    **dict.fromkeys(("prompt", "prompt_name", "task"), PROMPT),
    **dict.fromkeys(("device", "engine"), ENGINE),
    **dict.fromkeys(
        ("workers", "n_jobs", "num_proc", "pool_size"), "load_encoder(path, workers=...)"
    ),
    **dict.fromkeys(("use_multiprocessing", "multiprocessing_threshold"), "leave it out"),
    **dict.fromkeys(("truncate_dim", "dimensions", "dim"), "vectors[:, :n] of what it gives"),
    "precision": "load_encoder(path, precision=...)",
    **dict.fromkeys(
        ("epochs", "steps", "n_iter"), "encoder.adjusted(infer_epochs=...), of paragraph vectors"
    ),
    "output_value": "encoder.tokens(texts), for a vector of each token",
    "layers": "encoder.layers(texts)",
}
# Of what reads an encoder.
OF_LOADING: Elsewhere = {
    **dict.fromkeys(("model", "name", "model_name", "model_name_or_path", "folder"), "path="),
    **dict.fromkeys(("max_seq_length", "truncation", "max_len", "maxlen"), "max_length="),
    **dict.fromkeys(("pooling", "pooling_mode", "mode"), "pool="),
    **dict.fromkeys(("prompt_name", "prompts", "default_prompt_name"), "prompt="),
    **dict.fromkeys(("dtype", "torch_dtype", "quantize", "quantize_to"), "precision="),
    **dict.fromkeys(("n_jobs", "num_threads", "threads"), "workers="),
    **dict.fromkeys(
        ("normalise", "normalize", "normalize_embeddings"), "encode(texts, normalize=True)"
    ),
    **dict.fromkeys(("truncate_dim", "dimensionality", "dim"), "encode(texts)[:, :n]"),
    **dict.fromkeys(
        ("local_files_only", "force_download", "cache_folder", "cache_dir"),
        "leave it out: nothing is downloaded but of hf://OWNER/REPO, into INLAY_CACHE",
    ),
    "backend": "engine=",
    "device": ENGINE,
    "trust_remote_code": "leave it out: nothing of a model's folder is ever executed",
}
# Settings with which an encoder is made, and other libraries' attributes that change one.
FIXED = frozenset(
    "dim n_layers pools pool max_length max_characters tokenizer engine precision workers layer "
    "words prompt normalize pad_token stateful signature output_key arguments tags to_ids tables "
    "parts how infer_epochs alpha min_alpha".split()
)
OF_ATTRIBUTES = {
    **dict.fromkeys(("max_seq_length", "max_len", "maxlen", "max_tokens"), "max_length"),
    **dict.fromkeys(("default_prompt_name", "prompts"), "prompt"),
    **dict.fromkeys(("pooling", "pooling_mode"), "pool"),
    **dict.fromkeys(("device", "backend"), "engine"),
    **dict.fromkeys(("truncate_dim", "normalize_embeddings", "trainable", "batch_size"), ""),
}


AS_INPUT = "encoder.encode(texts), and the vectors as the input of a model"
# What is asked of an encoder by name, where it has no such thing.
OF_READING = {
    "to_keras": AS_INPUT,
    "to_torch": AS_INPUT,
    **dict.fromkeys(
        ("get_sentence_embedding_dimension", "get_dimension", "vector_size", "embedding_dim"),
        "encoder.dim",
    ),
    "get_sentence_vector": "encoder.encode([text])[0]",
    "max_seq_length": "encoder.max_length",
    "similarity": "encoder.encode(texts, normalize=True), and a @ b.T",
    **dict.fromkeys(("embed", "embed_sentence", "encode_multi_process"), "encoder.encode(texts)"),
    **dict.fromkeys(("embed_batch", "encode_as_sequence"), "encoder.tokens(texts)"),
    **dict.fromkeys(("transform", "fit_transform"), "inlay.Vectorizer(encoder)"),
    "similarity_unseen_docs": "encoder.encode(texts, normalize=True), and a @ b.T",
    # gensim's, of paragraph vectors
    **dict.fromkeys(("infer_vector", "infer"), "encoder.encode([text])[0]"),
    **dict.fromkeys(("dv", "docvecs"), "encoder.documents, a table of the vectors by tag"),
    "wv": "encoder.words, where vectors of words were trained",
    "most_similar": "encoder.documents.most_similar(...)",
}


def check_reading(encoder: Any, name: str) -> None:
    """Say what to write in the place of a name that an encoder does not have.

    Raises:
        UnknownNameError: It is one of `OF_READING`.
    """
    if name not in OF_READING:
        return
    kind, hint = type(encoder).__name__, OF_READING[name]
    other = {"to_keras": "to_torch", "to_torch": "to_keras"}.get(name)
    if other and hasattr(type(encoder), other):
        hint += f"; or inlay.{other}(encoder), which it has"
    raise UnknownNameError(
        f"{kind}.{name}", expected=f"a name that a {kind} has", got=repr(name), hint=hint
    )


def check_assignment(encoder: Any, name: str) -> None:
    """Refuse to change a setting of an encoder that is made: some would have no effect.

    Args:
        encoder: The encoder, as it is before.
        name: The attribute that is to be set.

    Raises:
        ImmutableError: It is a setting that was set, or another library's name of one.
    """
    setting = OF_ATTRIBUTES.get(name)
    if setting is None and (name not in FIXED or name not in vars(encoder)):
        return
    kind, setting = type(encoder).__name__, name if setting is None else setting
    raise ImmutableError(
        f"{kind}.{name}",
        expected="no change, for the settings of an encoder are those with which it was made",
        got="an assignment",
        hint=f"load it again: {kind}.load(path, {setting}=...)"
        if setting and hasattr(type(encoder), "load")
        else f"make a new {kind}, or see the arguments of encode(texts)",
    )
