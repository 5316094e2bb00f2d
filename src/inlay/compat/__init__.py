"""For those who come from elsewhere: other libraries' names, on tables of ours.

Programs and tutorials of gensim and torchtext run when the name of the library in their imports
is `inlay.compat.gensim` or `inlay.compat.torchtext`. What is not offered says what to write.
"""
