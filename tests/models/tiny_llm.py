"""A language model of 50,000 random weights that writes well-formed UTF-8, saved where a test wants it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

END, MUTE = "<|end|>", "<|mute|>"
ROLES = ("system", "user", "assistant", "tool")
SPECIAL = (END, MUTE, *(f"<|{role}|>" for role in ROLES))
EMPTY = "/empty"
"""In the last message, this makes the model answer nothing."""

PRINTABLE = bytes(range(0x20, 0x7F))
# A character of 2, 3 or 4 bytes is 2, 3 or 4 tokens: é, €, 😰. Bytes that end one start no other, so that the byte
# before tells what may follow.
FOLLOWERS: Mapping[int, bytes] = {
    0xC3: bytes(range(0xA0, 0xB0)),
    0xE2: b"\x82",
    0x82: bytes(range(0xA0, 0xB0)),
    0xF0: b"\x9f",
    0x9F: b"\x98",
    0x98: bytes(range(0xB0, 0xC0)),
}
STARTS = PRINTABLE + b"\xc3\xe2\xf0"
TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content or '' }}"
    "{% for call in message.tool_calls or [] %}{{ call | tojson }}{% endfor %}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>"
    "{% if '/empty' in (messages[-1].content or '') %}<|mute|>{% endif %}{% endif %}"
)


def write_tiny_llm(folder: Path, *, context: int = 4096, ends_after: str = "") -> Path:
    """A folder that AutoModelForCausalLM and AutoTokenizer load, in a second and without a network.

    The tokenizer has one token a byte, so that any text comes back as it was, and six special ones; the template
    puts `<|role|>text<|end|>` for each message. Prompts that differ in a character go on differently. It writes
    printable ASCII and characters of two to four bytes, whole ones, and goes on until it is stopped, or until
    one of the ASCII characters `ends_after`. A last message with "/empty" in it is answered with nothing.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    size = 256 + len(SPECIAL)
    config = LlamaConfig(
        vocab_size=size,
        hidden_size=48,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        max_position_embeddings=context,
        bos_token_id=None,
        eos_token_id=256 + SPECIAL.index(END),
        pad_token_id=256 + SPECIAL.index(END),
        tie_word_embeddings=False,
    )
    # The seed is this model's alone: the test's own draws stay as they were.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        model = LlamaForCausalLM(config)
        for name, weight in model.named_parameters():
            if weight.dim() == 2:
                torch.nn.init.normal_(weight, std=_spread(name) * (1.0 if "layers" not in name else 2 * 48**-0.5))
    _keep_to_utf8(model, ends_after)
    model.eval().save_pretrained(folder)
    _save_tokenizer(folder, context)
    return folder


def _spread(name: str) -> float:
    """Sharp attention over much of the past, so that the text does not end in one letter for ever."""
    if "q_proj" in name or "k_proj" in name:
        return 2.0
    return 0.5 if "mlp" in name else 1.0


def _keep_to_utf8(model: Any, ends_after: str) -> None:
    """Gives the first dimensions to what the last token allows: each token switches one on, and there every token
    that may not follow has a logit of minus many. No layer reads or writes them."""
    import torch

    mute = 256 + SPECIAL.index(MUTE)
    end = [256 + SPECIAL.index(END)]
    allowed = {byte: list(followers) for byte, followers in FOLLOWERS.items()}
    allowed[mute] = end
    allowed.update({ord(character): end for character in ends_after})
    kinds = [list(STARTS), *{tuple(each): each for each in allowed.values()}.values()]
    with torch.no_grad():
        embedding, head = model.model.embed_tokens.weight, model.lm_head.weight
        embedding[:, : len(kinds)] = 0
        for token in range(len(embedding)):
            kind = kinds.index(allowed[token]) if token in allowed else 0
            embedding[token, kind] = 4.0
        head -= 0.5 * embedding  # less of the same letter again
        head[:, : len(kinds)] = 0
        for kind, followers in enumerate(kinds):
            forbidden = [token for token in range(len(head)) if token not in followers]
            head[forbidden, kind] = -1000.0
        for layer in model.model.layers:
            attention, mlp = layer.self_attn, layer.mlp
            for reader in (attention.q_proj, attention.k_proj, attention.v_proj, mlp.gate_proj, mlp.up_proj):
                reader.weight[:, : len(kinds)] = 0
            for writer in (attention.o_proj, mlp.down_proj):
                writer.weight[: len(kinds)] = 0


def _save_tokenizer(folder: Path, context: int) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast
    from transformers.models.gpt2.tokenization_gpt2 import bytes_to_unicode

    vocabulary = {character: byte for byte, character in bytes_to_unicode().items()}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=END,
        additional_special_tokens=list(SPECIAL[1:]),
        clean_up_tokenization_spaces=False,
        model_max_length=context,
        chat_template=TEMPLATE,
    ).save_pretrained(folder)
