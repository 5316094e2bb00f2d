"""Other libraries' names for what is called otherwise here: whoever tries one is told ours."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from inlay.errors import UnknownNameError

# gensim's, torchtext's and PyTorch's.
OF_TABLES = {
    "wv": "the table itself",
    "vocab": "table.key_to_index",
    "index2word": "table.index_to_key",
    "get_index": "table.find(token)",
    "get_vector": "table[token]",
    "word_vec": "table[token]",
    "get_vecs_by_tokens": "table[tokens]",
    "get_mean_vector": "table.mean(tokens)",
    "similar_by_word": "table.most_similar(token)",
    "similar_by_vector": "table.most_similar(vector)",
    "syn0": "table.vectors",
    "weight": "table.vectors, or inlay.to_torch(table).weight",
    "numpy": "table.vectors",
    "embedding_dim": "table.dim",
}
# torchtext's, Keras', Hugging Face's and scikit-learn's.
OF_VOCABULARIES = {
    "get_stoi": "vocab.stoi",
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
# What every vocabulary has and one without tokens cannot have.
OF_HASHES = {
    "decode": "Vocabulary.from_texts(texts), whose ids can be turned back into tokens",
    "tokens": "Vocabulary.from_texts(texts), which has tokens",
    "itos": "Vocabulary.from_texts(texts), which has tokens",
    "stoi": "vocab[token], for any token has an id",
    "save": "HashingVocabulary(vocab_size), which makes the same ids in any process",
}


class Elsewhere:
    """Says where to find what an object has under another name."""

    _elsewhere: ClassVar[Mapping[str, str]] = {}

    if not TYPE_CHECKING:  # a type checker would take any name for one of ours

        def __getattr__(self, name: str) -> Any:
            kind = type(self).__name__
            if name not in self._elsewhere:
                message = f"{kind!r} object has no attribute {name!r}"
                raise AttributeError(message, name=name, obj=self)
            got = f"{name!r}"
            expected, hint = f"a name that a {kind} has", self._elsewhere[name]
            raise UnknownNameError(f"{kind}.{name}", expected=expected, got=got, hint=hint)
