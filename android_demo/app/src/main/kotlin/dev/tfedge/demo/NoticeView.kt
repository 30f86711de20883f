package dev.tfedge.demo

import android.view.View
import android.widget.TextView

/** The card that says why a file was refused. */
class NoticeView(private val card: View, dismiss: () -> Unit) {
    init {
        card.findViewById<View>(R.id.notice_dismiss).setOnClickListener { dismiss() }
    }

    /** Shows [notice], or no card. */
    fun show(notice: Notice?) {
        card.showIf(notice != null)
        if (notice == null) return
        card.findViewById<TextView>(R.id.notice_title).setText(notice.title)
        card.findViewById<TextView>(R.id.notice_line).text = sentence(notice.line)
        card.findViewById<TextView>(R.id.notice_next).setText(notice.next)
    }
}
