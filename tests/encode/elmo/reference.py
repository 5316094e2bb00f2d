"""ELMo as plainly as it can be written: one text, one word, one step at a time, in float64."""

import numpy as np

from inlay.encode.elmo.characters import character_ids


def reference_layers(options, weights, sentences, states=None):
    """Every layer of every text, the marks around it included.

    Args:
        options: Options.
        weights: Weights.
        sentences: Lists of tokens.
        states: `states[row, direction, layer] = (c, h)`, changed in place; None: from zero.

    Returns:
        For each text float64 `(n_layers + 1, n_tokens + 2, 2P)`.
    """
    states = {} if states is None else states
    distinct = {"<S>", "</S>"}.union(*sentences)
    vectors = {word: word_vector(options, weights, word) for word in distinct}
    results = []
    for row, sentence in enumerate(sentences):
        x = np.array([vectors[word] for word in ["<S>", *sentence, "</S>"]])
        layers = [np.concatenate([x, x], axis=1)]
        sides = [x, x]
        for k in range(options.n_layers):
            for d, order in enumerate([slice(None), slice(None, None, -1)]):
                key = row, d, k
                out, states[key] = run(
                    options, weights.cells[d][k], sides[d][order], states.get(key)
                )
                skip = options.use_skip_connections and k > 0
                sides[d] = out[order] + (sides[d] if skip else 0)
            layers.append(np.concatenate(sides, axis=1))
        results.append(np.array(layers))
    return results


def word_vector(options, weights, word):
    """The P numbers of a word."""
    ids = character_ids([word], options.word_length)[0]
    x = weights.char_embed[ids].astype(float)
    maps = []
    for (kernel, bias), (width, _) in zip(weights.filters, options.filters, strict=True):
        places = range(len(x) - width + 1)
        sums = [np.tensordot(x[at : at + width], kernel.astype(float), 2) + bias for at in places]
        maps.append(np.max(sums, axis=0))
    v = np.concatenate(maps)
    v = np.tanh(v) if options.activation == "tanh" else np.maximum(v, 0)
    for layer in weights.highways:
        gate = sigmoid(v @ layer.carry + layer.carry_bias)
        v = gate * np.maximum(v @ layer.transform + layer.transform_bias, 0) + (1 - gate) * v
    if weights.projection is not None:
        v = v @ weights.projection[0] + weights.projection[1]
    return v


def run(options, cell, inputs, state):
    """An LSTM over one text: outputs `(T, P)` and the last `(c, h)`."""
    c, h = (np.zeros(options.dim), np.zeros(options.projection_dim)) if state is None else state
    outputs = []
    for x in inputs:
        i, j, f, o = np.split(np.concatenate([x, h]) @ cell.kernel.astype(float) + cell.bias, 4)
        c = clip(sigmoid(f + 1) * c + sigmoid(i) * np.tanh(j), options.cell_clip)
        h = sigmoid(o) * np.tanh(c)
        if cell.projection is not None:  # TensorFlow clips projected states only
            h = clip(h @ cell.projection.astype(float), options.proj_clip)
        outputs.append(h)
    return np.array(outputs), (c, h)


def clip(x, bound):
    return x if bound is None else np.clip(x, -bound, bound)


def sigmoid(x):
    return (1 + np.tanh(x / 2)) / 2
