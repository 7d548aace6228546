"""A shop's messages in eight intents, few enough to train on in a second, and the bundled embedder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from components.core.embeddings import Embedder
from components.nlu.training_data import LabelledMessage, NluData

MESSAGES = {
    "greet": "hello|hi there|good morning|hey|good evening to you|hi, anybody there?|hello again|greetings",
    "order_status": "where is my order?|has my parcel been sent yet?|when will my package arrive|track my order please"
    "|my delivery is late, where is it|what is the status of my order|is my parcel on its way|order tracking",
    "refund": "I want a refund|give me my money back|please refund my last order|how do I get my money back"
    "|refund this purchase|I want to be reimbursed|can you return the money to my card|money back please",
    "cancel_order": "cancel my order|I no longer want what I ordered|please stop my order|I need to cancel a purchase"
    "|don't send it, I changed my mind|call off my order|can I cancel before it ships|cancel the thing I bought",
    "opening_hours": "when are you open?|what are your opening hours|are you open on Sunday|until when is the shop open"
    "|at what time do you close|do you open on holidays|shop hours please|is the store open today",
    "password": "I forgot my password|reset my password please|I cannot log in|my account is locked"
    "|how do I change my password|the login does not work|help me sign in|password reset mail never came",
    "payment_methods": "can I pay with PayPal?|which cards do you accept|do you take credit cards|pay by invoice"
    "|what are the ways to pay|is bank transfer possible|can I pay in instalments|do you accept cash",
    "chitchat/ask_name": "what is your name?|who are you|tell me your name|how are you called|do you have a name"
    "|who am I talking to|your name please|introduce yourself",
}
UNSEEN = {
    "where's my package": "order_status",
    "i'd like my money returned": "refund",
    "which opening times do you have": "opening_hours",
    "I can't remember my password": "password",
    "is it possible to pay by card": "payment_methods",
    "please cancel what I ordered": "cancel_order",
}
OUT_OF_SCOPE = (
    "who won the football world cup",
    "how many legs does a spider have",
    "write me a poem about the sea",
    "what is the square root of nine",
    "my neighbour plays loud music",
    "which planet is the largest",
    "how do I bake sourdough bread",
    "translate cat into French",
)


def shop_data() -> NluData:
    """Eight messages of each intent."""
    messages = [LabelledMessage(text, intent) for intent, texts in MESSAGES.items() for text in texts.split("|")]
    return NluData(tuple(messages), responses={"chitchat/ask_name": ("I am the shop's helper.",)})


@cache
def bundled_embedder() -> Embedder:
    """One for all tests of a process: it takes a second to load."""
    from components.models.embedder_factory import load_embedder

    return load_embedder("bundled", cache_dir=Path("unused"), threads=2)
