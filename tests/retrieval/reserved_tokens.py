"""What the tokenizers of open models reserve for themselves, families mixed."""

from __future__ import annotations

# fmt: off
RESERVED = (
    "<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>", "<mask>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>",
    "<|begin_of_text|>", "<|eot_id|>", "<|eom_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|python_tag|>",
    "<|header_start|>", "<|eot|>", "<|im_start|>", "<|im_end|>", "<|im_sep|>", "<|endoftext|>", "<|system|>",
    "<|user|>", "<|assistant|>", "<|end|>", "<|tool|>", "<|channel|>", "<|message|>", "<|start|>", "<|return|>",
    "<|call|>", "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<tool_call>", "</tool_call>",
    "<tool_response>", "<think>", "</think>", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_CALLS]",
    "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[IMG]", "[IMG_BREAK]", "[PREFIX]",
    "[MIDDLE]", "[SUFFIX]", "[ARGS]", "[CALL_ID]", "[THINK]", "[/THINK]", "[control_8]", "[CLS]", "[SEP]", "[MASK]",
    "[PAD]", "[UNK]", "[gMASK]", "[sMASK]", "<sop>", "<eop>", "<eoh>", "<fim_prefix>", "<|fim_middle|>",
    "<|START_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>", "<BOS_TOKEN>", "<EOS_TOKEN>", "<extra_id_0>", "<SPECIAL_12>",
    "<unused99>", "<reserved_106>", "<2en>", "<0x0A>", "<\uff5cUser\uff5c>", "<\uff5cAssistant\uff5c>",
    "<\uff5cbegin\u2581of\u2581sentence\uff5c>", ">>QUESTION<<",
)
# fmt: on
