"""Other people's emotion networks, read from the files that they publish."""
