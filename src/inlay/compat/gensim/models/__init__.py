"""gensim.models: `KeyedVectors`, and what to write in the place of the models that learn."""

from inlay.compat.gensim.models.keyedvectors import KeyedVectors
from inlay.compat.refusals import refuses

__all__ = ["KeyedVectors"]

TRAINED = "inlay.train.word2vec(corpus), or KeyedVectors.load(path) for what gensim has saved"
NO_TOPICS = "gensim itself: inlay has no topic models"

__getattr__ = refuses(
    __name__,
    {
        "Word2Vec": TRAINED,
        "word2vec": TRAINED,
        "FastText": "inlay.load(path), which reads fastText's models and composes unseen words",
        "fasttext": "inlay.load(path), which reads fastText's models and composes unseen words",
        "Doc2Vec": "inlay.load(path, format=Gensim(part='documents')) for what gensim has saved",
        "doc2vec": "inlay.load(path, format=Gensim(part='documents')) for what gensim has saved",
        "Phrases": "a tokenizer of your own that joins the words of a phrase",
        "phrases": "a tokenizer of your own that joins the words of a phrase",
        "poincare": "inlay.load(path) for what gensim has saved",
        **dict.fromkeys(("TfidfModel", "LsiModel", "LdaModel", "LdaMulticore"), NO_TOPICS),
        **dict.fromkeys(("HdpModel", "EnsembleLda", "Nmf", "RpModel", "CoherenceModel"), NO_TOPICS),
    },
)
