"""Sentences that tell nothing, to be ignored."""

from training.kinds.base import Texts

NOISE = Texts.parse(
    """thank you very much|please let me know if you have any questions|have a nice day
        |we look forward to hearing from you|see the attachment for details|best wishes
        |this message was sent automatically|the weather was fine|please reply to this message
        |as discussed on the phone|all data without guarantee|feel free to call us
        |we hope everything is fine with you|terms and conditions apply|page 1 of 2
        |please keep this document|sorry for the late answer|I hope this helps
        |more information will follow     |there is parking behind the house|coffee will be served
        |the old one is no longer valid|do not forget to bring an umbrella
        |we have been in business since 1998|it was a long day     |the meeting room was full
        |everyone was happy|bring your friends|our opening hours have changed
        |the lift is out of order at the moment|greetings from the whole team     // many thanks in advance
        |should anything be unclear, just ask|the office cat says hello|kindly note our new logo
        |the traffic was terrible"""
)
