"""A sentence-transformers model of 30 kB with random weights, saved where a test wants it."""

from __future__ import annotations

from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
MAX_SEQUENCE = 48


def save_tiny_bert(folder: Path, *, prompts: dict[str, str] | None = None) -> Path:
    """A folder that SentenceTransformer loads: WordPiece over single characters, mean pooling, 16 dimensions."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{char}" for char in LETTERS), ".", ":"]
    plain, saved = folder / "plain", folder / "model"
    plain.mkdir(parents=True)
    (plain / "vocab.txt").write_text("\n".join(vocabulary))
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(plain)
    BertTokenizerFast(vocab_file=str(plain / "vocab.txt")).save_pretrained(plain)
    transformer = Transformer(str(plain))
    transformer.max_seq_length = MAX_SEQUENCE
    model = SentenceTransformer(modules=[transformer, Pooling(16)], prompts=prompts, device="cpu")
    model.save(str(saved))
    return saved
