"""How an ELMo learns: texts side by side, two language models, and the folder they end in."""
