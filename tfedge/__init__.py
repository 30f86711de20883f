"""tfedge: an attention model from Keras to a phone as one `.tflite` file, proved on the runtime that will run it."""

__version__ = "0.1.0"
