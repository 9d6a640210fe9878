"""Whether what runs is what its tags and its secrets stand for by now."""
