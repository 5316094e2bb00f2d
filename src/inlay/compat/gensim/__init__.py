"""gensim's names: `gensim.models.KeyedVectors` and `gensim.downloader`."""

from typing import TYPE_CHECKING

from inlay.compat.refusals import refuses

if TYPE_CHECKING:
    from inlay.compat.gensim import downloader, models

__all__ = ["downloader", "models"]

__getattr__ = refuses(
    __name__,
    {
        "corpora": "inlay.Vocabulary.from_texts(texts) in the place of a Dictionary; a corpus is "
        "a list of texts, or the path of a text file",
        "matutils": "numpy",
        "parsing": "inlay.tokenizers.get_tokenizer(name)",
        "scripts": "inlay convert, inlay train and inlay info on the command line",
        "similarities": "kv.most_similar(key), which is exact and needs no index",
        "topic_coherence": "gensim itself: inlay has no topic models",
        "utils": "inlay.tokenizers.get_tokenizer('lower') in the place of simple_preprocess",
    },
    lazy={"downloader": "inlay.compat.gensim.downloader", "models": "inlay.compat.gensim.models"},
)
