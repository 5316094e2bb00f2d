"""What to write in the place of what gensim has and `inlay.compat.gensim` does not offer."""

TRAINED = "inlay.train.word2vec(corpus), or KeyedVectors.load(path) for what gensim has saved"
COMPOSES = "inlay.load(path), which reads fastText's models and composes unseen words"
DOCUMENTS = (
    "inlay.train.doc2vec(corpus), or inlay.load(path, format=Gensim(part='documents')) for what "
    "gensim has saved"
)
TAGGED = "inlay.train.doc2vec(texts, tags=tags), which takes both as lists"
PHRASES = "a tokenizer of your own that joins the words of a phrase"
LINES = "the path of the text file itself, which inlay.train.word2vec takes"
VOCABULARY = "inlay.Vocabulary.from_texts(texts)"
LOWER = "inlay.tokenizers.get_tokenizer('lower')"
GLOVE = "KeyedVectors.load_word2vec_format(path, no_header=True), which reads GloVe's own file"
ITSELF = "gensim itself, for inlay has nothing of the kind"

OF_MODELS = {
    "Word2Vec": TRAINED,
    "FastText": COMPOSES,
    "Doc2Vec": DOCUMENTS,
    "Phrases": PHRASES,
    "phrases": PHRASES,
    "poincare": "inlay.load(path) for what gensim has saved",
    **dict.fromkeys(("TfidfModel", "LsiModel", "LdaModel", "LdaMulticore", "HdpModel"), ITSELF),
    **dict.fromkeys(("EnsembleLda", "Nmf", "RpModel", "CoherenceModel", "callbacks"), ITSELF),
}
OF_WORD2VEC = {
    **dict.fromkeys(("LineSentence", "PathLineSentences", "Text8Corpus", "BrownCorpus"), LINES),
    "Word2Vec": TRAINED,
    "Word2VecKeyedVectors": "KeyedVectors",
}
OF_FASTTEXT = {
    "FastText": COMPOSES,
    "FastTextKeyedVectors": COMPOSES,
    "load_facebook_model": COMPOSES,
    "save_facebook_model": "inlay.save(table, path, format='fasttext')",
}
OF_DOC2VEC = {
    "Doc2Vec": DOCUMENTS,
    "TaggedDocument": TAGGED,
    "TaggedLineDocument": "the path of the text file itself, which inlay.train.doc2vec takes",
}
OF_CORPORA = {
    "Dictionary": VOCABULARY,
    "dictionary": VOCABULARY,
    "HashDictionary": "inlay.core.HashingVocabulary(vocab_size)",
    **dict.fromkeys(("TextCorpus", "WikiCorpus", "wikicorpus", "MmCorpus", "mmcorpus"), ITSELF),
    **dict.fromkeys(("BleiCorpus", "LowCorpus", "SvmLightCorpus", "UciCorpus"), ITSELF),
}
OF_UTILS = {
    **dict.fromkeys(("simple_preprocess", "tokenize", "simple_tokenize", "lemmatize"), LOWER),
    "SaveLoad": "table.save(path), and inlay.load(path)",
    "open": "gzip.open, bz2.open or lzma.open",
    "to_unicode": "bytes.decode",
    "any2unicode": "bytes.decode",
    "deaccent": "unicodedata.normalize('NFD', text)",
}
OF_GENSIM = {
    "test": "files of your own: gensim's test data come with gensim itself",
    "matutils": "numpy",
    "parsing": LOWER,
    "scripts": "inlay convert, inlay train and inlay info on the command line",
    "similarities": "kv.most_similar(key), which is exact and needs no index",
    **dict.fromkeys(("summarization", "topic_coherence"), ITSELF),
}
MODULES = {
    **OF_GENSIM,
    "scripts.glove2word2vec": GLOVE,
    "corpora": VOCABULARY,
    "models": ITSELF,
    "models.phrases": PHRASES,
    "models.poincare": OF_MODELS["poincare"],
}
