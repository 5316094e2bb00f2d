"""fastText's classifier, which needs no framework: texts to rows, training, answers, files."""
