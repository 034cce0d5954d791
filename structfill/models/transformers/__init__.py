"""Models of the Hugging Face hub, or of a folder, behind structfill's protocols."""

from .loading import load_pretrained, wrap

__all__ = ["load_pretrained", "wrap"]
