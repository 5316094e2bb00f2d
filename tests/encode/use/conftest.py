# Run by test_keras.py, a process for each backend.
collect_ignore_glob = ["*_contract.py"]
