"""What the tutorials of gensim and torchtext teach, as programs whose import lines alone change.

Each is written with the import lines of the other library. gensim is here, so its programs run
with gensim too, and have to print the same.
"""

import io
import re
from contextlib import redirect_stdout

import numpy as np
import pytest

import inlay
from inlay.sources import Source, names

IMPORT = re.compile(r"^(from|import) (gensim|torchtext)\b", re.M)
WORDS = "king queen man woman paris france rome italy breakfast lunch dinner car bus truck".split()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with vectors that anyone may have downloaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INLAY_CACHE", str(tmp_path / "cache"))
    matrix = np.random.default_rng(11).normal(size=(len(WORDS), 6)).astype("float32")
    table = inlay.Table(WORDS, matrix)
    inlay.save(table, tmp_path / "vectors.txt", format="word2vec")
    inlay.save(table, tmp_path / "vectors.bin")
    inlay.save(table, tmp_path / "glove.6B.50d.txt", format="glove")
    (tmp_path / "pairs.tsv").write_text("king\tqueen\t8.5\ncar\tbus\t6.5\nman\tparis\t1.0\n")
    (tmp_path / "questions.txt").write_text(
        ": family\nking queen man woman\nman king woman queen\n"
    )
    return tmp_path


def printed(program):
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(program, "<tutorial>", "exec"), {"__name__": "tutorial"})
    return out.getvalue()


def ours(program):
    changed, n = IMPORT.subn(r"\1 inlay.compat.\2", program)
    assert n, "no import line to change"
    return printed(changed)


GENSIM = {
    "text, and words near to others": """
from gensim.models import KeyedVectors

word_vectors = KeyedVectors.load_word2vec_format("vectors.txt", binary=False)
result = word_vectors.most_similar(positive=["woman", "king"], negative=["man"])
most_similar_key, similarity = result[0]
print(f"{most_similar_key}: {similarity:.4f}")
result = word_vectors.most_similar_cosmul(positive=["woman", "king"], negative=["man"])
print("{}: {:.4f}".format(*result[0]))
print(word_vectors.doesnt_match("breakfast dinner lunch car".split()))
print(f"{word_vectors.similarity('woman', 'man'):.4f}")
print([(word, round(cosine, 4)) for word, cosine in word_vectors.similar_by_word("bus", topn=3)])
print(f"{word_vectors.distance('king', 'queen'):.4f}, {word_vectors.distance('bus', 'bus'):.1f}")
print(f"{word_vectors.n_similarity(['king', 'man'], ['queen', 'woman']):.4f}")
vector = word_vectors["paris"]
print(vector.shape, word_vectors.get_vector("paris", norm=True).shape)
""",
    "binary, the words, and what is not there": """
from gensim.models.keyedvectors import KeyedVectors

wv = KeyedVectors.load_word2vec_format("vectors.bin", binary=True, limit=10)
for index, word in enumerate(wv.index_to_key):
    if index == 4:
        break
    print(f"word #{index}/{len(wv.index_to_key)} is {word}")
try:
    wv["cameroon"]
except KeyError:
    print("The word 'cameroon' does not appear in this model")
for w1, w2 in [("king", "queen"), ("king", "paris"), ("king", "lunch")]:
    print("%r\\t%r\\t%.2f" % (w1, w2, wv.similarity(w1, w2)))
print(wv.key_to_index["rome"], "bus" in wv, "rome" in wv, wv.vector_size, wv.vectors.shape)
""",
    "kept, and mapped again": """
from gensim.models import KeyedVectors

wv = KeyedVectors.load_word2vec_format("glove.6B.50d.txt", binary=False, no_header=True)
wv.save("vectors.kv")
reloaded = KeyedVectors.load("vectors.kv", mmap="r")
print((reloaded["king"] == wv["king"]).all(), len(reloaded))
reloaded.save_word2vec_format("again.bin", binary=True)
print(KeyedVectors.load_word2vec_format("again.bin", binary=True).most_similar("car", topn=1)[0][0])
some = wv.vectors_for_all(["car", "bicycle", "bus"])
print(len(some), f"{some.get_mean_vector(['car', 'bus']).sum():.4f}")
""",
    "judged": """
from gensim.models import KeyedVectors

wv = KeyedVectors.load_word2vec_format("vectors.txt")
pearson, spearman, oov_ratio = wv.evaluate_word_pairs("pairs.tsv")
print(f"{pearson[0]:.4f} {spearman[0]:.4f} {oov_ratio}")
score, sections = wv.evaluate_word_analogies("questions.txt")
print(score, [section["section"] for section in sections], len(sections[0]["incorrect"]))
""",
}


@pytest.mark.filterwarnings("ignore:Call to deprecated .init_sims")
@pytest.mark.filterwarnings("ignore:unclosed file")
@pytest.mark.filterwarnings("ignore:Exception ignored in")
@pytest.mark.parametrize("program", GENSIM.values(), ids=GENSIM)
def test_gensims_programs_print_what_they_print_with_gensim(folder, program):
    pytest.importorskip("gensim.models")
    pytest.importorskip("scipy")
    expected = printed(program)
    assert len(expected.splitlines()) > 1
    assert ours(program) == expected


@pytest.mark.filterwarnings("ignore:.*nobody publishes")
def test_gensims_downloader(folder, monkeypatch):
    source = Source(name="small", url=(folder / "vectors.bin").as_uri())
    monkeypatch.setattr(names, "_index", lambda: {"glove.twitter.25": source})
    program = """
import gensim.downloader as api

print(list(api.info("glove-twitter-25"))[:1])
wv = api.load("glove-twitter-25")
print(wv.most_similar("king", topn=1)[0][0] == wv.similar_by_word("king", topn=2)[0][0])
print(api.load("glove-twitter-25", return_path=True).endswith("vectors.bin"))
"""
    assert ours(program) == "['file_name']\nTrue\nTrue\n"


VOCABULARY = """
from collections import Counter, OrderedDict
from torchtext.vocab import vocab, build_vocab_from_iterator

counter = Counter(["a", "a", "b", "b", "b"])
by_frequency = sorted(counter.items(), key=lambda x: x[1], reverse=True)
v1 = vocab(OrderedDict(by_frequency))
print(v1["a"])
try:
    v1["out of vocab"]
except Exception:
    print("no default index")
tokens = ["e", "d", "c", "b", "a"]
v2 = vocab(OrderedDict([(token, 1) for token in tokens]), specials=["<unk>"])
v2.set_default_index(-1)
print(v2["<unk>"], v2["out of vocab"])
v2.set_default_index(v2["<unk>"])
print(v2["out of vocab"] is v2["<unk>"])
with open("corpus.txt", "w", encoding="utf-8") as f:
    f.write("a good film\\na bad film\\n")

def yield_tokens(file_path):
    with open(file_path, encoding="utf-8") as f:
        for line in f:
            yield line.strip().split()

v3 = build_vocab_from_iterator(yield_tokens("corpus.txt"), specials=["<unk>"])
print(v3.get_itos(), v3(["a", "film"]), v3.lookup_tokens([1, 0]))
"""

VECTORS = """
from torchtext.vocab import GloVe
import torch

glove = GloVe(name="6B", dim=50, cache=".")
examples = ["king", "Paris", "unknown"]
ret = glove.get_vecs_by_tokens(examples, lower_case_backup=True)
print(ret.shape, torch.equal(ret[1], glove["paris"]), ret[2].abs().sum().item())
x = glove.vectors[glove.stoi["king"]]
near = torch.cosine_similarity(glove.vectors, x.unsqueeze(0)).argmax()
print(glove.itos[near], glove.dim, len(glove))
layer = torch.nn.Embedding.from_pretrained(glove.vectors)
print(torch.equal(layer(torch.tensor([glove.stoi["rome"]]))[0], glove["rome"]))
"""

CLASSIFICATION = """
import torch
from torch import nn
from torch.utils.data import DataLoader, random_split
from torchtext.data.functional import to_map_style_dataset
from torchtext.data.utils import get_tokenizer
from torchtext.vocab import build_vocab_from_iterator

torch.manual_seed(1)
news = [(1, "The king's lunch, in Paris!"), (2, "A car; a bus and a truck.")] * 20
tokenizer = get_tokenizer("basic_english")

def yield_tokens(data_iter):
    for _, text in data_iter:
        yield tokenizer(text)

vocab = build_vocab_from_iterator(yield_tokens(iter(news)), specials=["<unk>"])
vocab.set_default_index(vocab["<unk>"])
print(vocab(["a", "car", "never-seen"]))
text_pipeline = lambda x: vocab(tokenizer(x))
label_pipeline = lambda x: int(x) - 1

def collate_batch(batch):
    label_list, text_list, offsets = [], [], [0]
    for _label, _text in batch:
        label_list.append(label_pipeline(_label))
        processed_text = torch.tensor(text_pipeline(_text), dtype=torch.int64)
        text_list.append(processed_text)
        offsets.append(processed_text.size(0))
    offsets = torch.tensor(offsets[:-1]).cumsum(dim=0)
    return torch.tensor(label_list), torch.cat(text_list), offsets

class TextClassificationModel(nn.Module):
    def __init__(self, vocab_size, embed_dim, num_class):
        super().__init__()
        self.embedding = nn.EmbeddingBag(vocab_size, embed_dim, sparse=False)
        self.fc = nn.Linear(embed_dim, num_class)

    def forward(self, text, offsets):
        return self.fc(self.embedding(text, offsets))

train_dataset = to_map_style_dataset(iter(news))
split_train, split_valid = random_split(train_dataset, [30, 10])
model = TextClassificationModel(len(vocab), 8, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=2.0)
for _ in range(5):
    for label, text, offsets in DataLoader(
        split_train, batch_size=8, shuffle=True, collate_fn=collate_batch
    ):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(text, offsets), label).backward()
        optimizer.step()
label, text, offsets = next(iter(DataLoader(split_valid, batch_size=10, collate_fn=collate_batch)))
print((model(text, offsets).argmax(1) == label).float().mean().item())
"""

PRINTED = {
    VOCABULARY: [
        "1",
        "no default index",
        "0 -1",
        "True",
        "['<unk>', 'a', 'film', 'bad', 'good'] [1, 2] ['a', '<unk>']",
    ],
    VECTORS: ["torch.Size([3, 6]) True 0.0", "king 6 14", "True"],
    CLASSIFICATION: ["[1, 8, 0]", "1.0"],
}


@pytest.mark.parametrize("program", PRINTED, ids=["vocabulary", "vectors", "classification"])
def test_torchtexts_programs(folder, program):
    pytest.importorskip("torch")
    assert ours(program).splitlines() == PRINTED[program]
