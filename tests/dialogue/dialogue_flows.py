"""The flows that the engine's tests talk to."""

SHOP = """
# main.yaml
nodes:
  - {id: greet, type: message, text: "{{ tenant.greeting }}", next: listen}
  - id: listen
    type: nlu
    next:
      - intent: faq → look_up
      - intent: refund → refund
      - intent: order_status → track
      - intent: exchange → swap
      - intent: complaint → sorry
      - default → look_up
  - {id: sorry, type: handover, text: I am sorry. A colleague will read this., priority: high}
# look_up.yaml
nodes:
  - {id: answer, type: rag, query: "{{ message }}"}
# refund.yaml
nodes:
  - id: order
    type: ask
    slot: order_number
    entity: order_number
    text: What is your order number?
    validate: {pattern: "NT-[0-9]{4}"}
    invalid: An order number is NT- and four digits.
    again: true
    next: reason
  - {id: reason, type: ask, slot: reason, text: "Why do you want a refund?", next: sure}
  - id: sure
    type: ask
    slot: sure
    text: "Refund for {{ order_number }}, is that right?"
    validate: {type: yes_no}
    next: branch
  - id: branch
    type: condition
    next:
      - if: sure → request
      - default → dropped
  - id: request
    type: workflow
    workflow: refund
    goal: Process refund
    arguments: {order_number: "{{ order_number }}", reason: "{{ reason }}"}
    save_as: ticket
    next: done
  - {id: done, type: message, text: "I opened ticket #{{ ticket.ticket_number }}."}
  - {id: dropped, type: message, text: Nothing was requested.}
# track.yaml
nodes:
  - id: order
    type: ask
    slot: order_number
    entity: order_number
    text: Which order shall I track?
    validate: {pattern: "NT-[0-9]{4}"}
    again: true
    next: said
  - {id: said, type: message, text: "Order {{ order_number }} is on its way."}
# swap.yaml
nodes:
  - {id: product, type: ask, slot: product, entity: product, text: "What shall we swap?", next: size}
  - id: size
    type: ask
    slot: size
    text: Which size?
    validate: {type: choice, choices: [small, medium, large]}
    attempts: 2
    next: done
  - {id: done, type: message, text: "Noted: {{ product }} in {{ size }}."}
"""
