collect_ignore_glob = ["*_contract.py"]  # run by test_layers.py, a process for each backend
