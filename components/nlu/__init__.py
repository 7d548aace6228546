"""Understanding messages: training data, the local classifier, Rasa behind HTTP, and how good each is."""
