"""What to write in the place of what torchtext had and `inlay.compat.torchtext` does not offer."""

DATASET = "inlay.read_labelled(path), which reads CSV, TSV, JSON lines and folders"
LEGACY = "inlay.read_labelled(path), and inlay.Vocabulary.from_texts(texts).encode(texts)"
BATCHES = "torch.utils.data.DataLoader"
SCORES = "sacrebleu, a package"
MODELS = "inlay.load_encoder(path)"
PIECES = "inlay.tokenizers.get_tokenizer('sentencepiece:FILE')"
HUGGING_FACE = "inlay.tokenizers.get_tokenizer('tokenizer.json')"
SPLIT = "inlay.sources.fetch(name), which downloads and unpacks"

ENCODE = "inlay.Vocabulary.from_texts(texts).encode(texts, max_length=...), which pads and cuts"

OF_DATASETS = {
    **dict.fromkeys(
        """AG_NEWS AmazonReviewFull AmazonReviewPolarity CC100 CNNDM CoLA CoNLL2000Chunking DBpedia
        EnWik9 IWSLT2016 IWSLT2017 MNLI MRPC Multi30k PennTreebank QNLI QQP RTE SogouNews SQuAD1
        SQuAD2 STSB UDPOS WikiText103 WikiText2 WNLI YahooAnswers YelpReviewFull
        YelpReviewPolarity""".split(),
        DATASET,
    ),
    "IMDB": "inlay.read_labelled('imdb', split='train')",
    "SST2": "inlay.read_labelled('sst-2', split='train')",
}
OF_DATA = {
    **dict.fromkeys(("Field", "LabelField", "NestedField", "RawField", "ReversibleField"), LEGACY),
    **dict.fromkeys(("SubwordField", "Example", "Dataset", "TabularDataset", "Pipeline"), LEGACY),
    **dict.fromkeys(("Iterator", "BucketIterator", "BPTTIterator", "Batch", "batch"), BATCHES),
    **dict.fromkeys(("field", "dataset", "example", "iterator", "pipeline"), LEGACY),
    **dict.fromkeys(("bleu_score", "metrics"), SCORES),
    **dict.fromkeys(("generate_sp_model", "load_sp_model"), PIECES),
    **dict.fromkeys(("sentencepiece_tokenizer", "sentencepiece_numericalizer"), PIECES),
    "interleave_keys": "sorted(texts, key=len)",
    "RandomShuffler": "random.Random(seed).shuffle",
    "custom_replace": "re.sub",
    "simple_space_split": "str.split",
    "numericalize_tokens_from_iterator": "vocab(tokens) of each list of tokens",
    "filter_wikipedia_xml": "gensim.corpora.WikiCorpus, of gensim itself",
}

OF_LEGACY = {**OF_DATA, **dict.fromkeys(("datasets", "vocab"), LEGACY)}
OF_TRANSFORMS = {
    **dict.fromkeys(("VocabTransform", "ToTensor", "LabelToIndex", "Truncate"), ENCODE),
    **dict.fromkeys(("PadTransform", "AddToken", "StrToIntTransform"), ENCODE),
    **dict.fromkeys(("BERTTokenizer", "CLIPTokenizer", "GPT2BPETokenizer"), HUGGING_FACE),
    "SentencePieceTokenizer": PIECES,
    "CharBPETokenizer": HUGGING_FACE,
    "RegexTokenizer": "a function of your own, which tokenizer= takes",
    "Sequential": "torch.nn.Sequential",
    "MaskTransform": MODELS,
}
OF_TORCHTEXT = {
    "experimental": LEGACY,
    "functional": "inlay.Vocabulary.from_texts(texts).encode(texts), which pads and cuts",
    "models": MODELS,
    "nn": "torch.nn",
    "prototype": LEGACY,
    "utils": SPLIT,
}
MODULES = {
    **OF_TORCHTEXT,
    **{f"data.{name}": instead for name, instead in OF_DATA.items()},
    "datasets": DATASET,
    "datasets.imdb": OF_DATASETS["IMDB"],
    "datasets.sst2": OF_DATASETS["SST2"],
}
